// Unix datagram sockets, which Node.js has none of: the log daemon of a machine listens on one.
#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>

#include "addon.h"
#include "map.h"

namespace bulwark {

struct SocketHandle : Handle {
	static constexpr Kind handleKind = Kind::socket;
	static constexpr const char *name = "socket";

	SocketHandle(int fd, std::string pathOfPeer)
		: Handle(handleKind), file(fd), path(std::move(pathOfPeer))
	{
	}

	const OwnedFd file;
	const std::string path;
};

// Connected to whoever listens at a path. Never blocks.
static napi_value openDatagram(Call &call)
{
	const std::string path = call.text(0, "path");
	sockaddr_un address = {};
	address.sun_family = AF_UNIX;
	if (path.size() >= sizeof(address.sun_path))
		fail(ENAMETOOLONG, "connect to " + path);
	memcpy(address.sun_path, path.data(), path.size());
	const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail(errno, "make a socket");
	auto handle = std::make_unique<SocketHandle>(fd, path);
	if (connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) < 0)
		fail(errno, "connect to " + path);
	return makeNumber(call.env, call.environment.add(std::move(handle)));
}

// False when the listener's queue is full.
static napi_value sendDatagram(Call &call)
{
	const auto &socket = call.handle<SocketHandle>(0);
	const Bytes bytes = call.bytes(1, "bytes");
	const ssize_t sent = ::send(socket.file.fd, bytes.data, bytes.size, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN && errno != ENOBUFS)
		fail(errno, "send to " + socket.path);
	return makeBoolean(call.env, sent >= 0);
}

void registerSockets(napi_env env, napi_value exports)
{
	addFunction(env, exports, "openDatagram", entry<openDatagram>);
	addFunction(env, exports, "sendDatagram", entry<sendDatagram>);
}

} // namespace bulwark
