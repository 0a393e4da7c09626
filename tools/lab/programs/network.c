// SPDX-License-Identifier: Apache-2.0
/* Verbs on sockets. Addresses are IPv4 in dotted form: the lab's name spaces have no resolver. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "act.h"

/* Takes ADDRESS and PORT from the chain. */
static struct sockaddr_in next_address(struct chain *chain)
{
	struct sockaddr_in address = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, next_word(chain), &address.sin_addr) != 1)
		fail("address");
	address.sin_port = htons(next_number(chain, 65535));
	return address;
}

static void open_socket(struct chain *chain, int domain, int type, int protocol)
{
	chain->fd = socket(domain, type, protocol);
	if (chain->fd < 0)
		fail("socket");
}

static void connect_tcp(struct chain *chain)
{
	struct sockaddr_in address = next_address(chain);

	open_socket(chain, AF_INET, SOCK_STREAM, 0);
	if (connect(chain->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("connect");
}

/* A UDP socket with a peer: nothing is sent yet. */
static void connect_udp(struct chain *chain)
{
	struct sockaddr_in address = next_address(chain);

	open_socket(chain, AF_INET, SOCK_DGRAM, 0);
	if (connect(chain->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("connect");
}

/* As connect, but waits for the other side to listen; it tries for ten seconds. */
static void reach_tcp(struct chain *chain)
{
	struct sockaddr_in address = next_address(chain);
	const struct timespec between_tries = { .tv_nsec = 2000000 };

	for (int tries = 5000;; tries--) {
		open_socket(chain, AF_INET, SOCK_STREAM, 0);
		if (connect(chain->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			return;
		if (errno != ECONNREFUSED || tries == 0)
			fail("connect");
		close(chain->fd);
		nanosleep(&between_tries, NULL);
	}
}

/* Takes a PATH from the chain. */
static struct sockaddr_un next_unix_address(struct chain *chain)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strncpy(address.sun_path, next_word(chain), sizeof(address.sun_path) - 1);
	return address;
}

/* Waits, as reach does, for the other side to be there. */
static void connect_unix(struct chain *chain)
{
	struct sockaddr_un address = next_unix_address(chain);
	const struct timespec between_tries = { .tv_nsec = 2000000 };

	for (int tries = 5000;; tries--) {
		open_socket(chain, AF_UNIX, SOCK_STREAM, 0);
		if (connect(chain->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			return;
		if ((errno != ECONNREFUSED && errno != ENOENT) || tries == 0)
			fail("connect");
		close(chain->fd);
		nanosleep(&between_tries, NULL);
	}
}

static void listen_unix(struct chain *chain)
{
	struct sockaddr_un address = next_unix_address(chain);

	open_socket(chain, AF_UNIX, SOCK_STREAM, 0);
	if (bind(chain->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("bind");
	if (listen(chain->fd, 8) < 0)
		fail("listen");
}

static void listen_tcp(struct chain *chain)
{
	struct sockaddr_in address = next_address(chain);
	int yes = 1;

	open_socket(chain, AF_INET, SOCK_STREAM, 0);
	setsockopt(chain->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(chain->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("bind");
	if (listen(chain->fd, 8) < 0)
		fail("listen");
}

/* From here on the shared descriptor is the accepted connection. */
static void accept_tcp(struct chain *chain)
{
	chain->fd = accept4(shared_fd(chain), NULL, NULL, 0);
	if (chain->fd < 0)
		fail("accept");
}

static void send_text(struct chain *chain)
{
	const char *text = next_word(chain);

	if (write(shared_fd(chain), text, strlen(text)) < 0)
		fail("send");
}

/* By other calls than write(2): gathered from parts, and at no place in particular. */
static struct iovec *two_parts(char *text)
{
	static struct iovec parts[2];
	size_t half = strlen(text) / 2;

	parts[0] = (struct iovec){ text, half };
	parts[1] = (struct iovec){ text + half, strlen(text + half) };
	return parts;
}

static void send_parts(struct chain *chain)
{
	if (writev(shared_fd(chain), two_parts(next_word(chain)), 2) < 0)
		fail("writev");
}

static void send_nowhere(struct chain *chain)
{
	if (pwritev2(shared_fd(chain), two_parts(next_word(chain)), 2, -1, 0) < 0)
		fail("pwritev2");
}

/* Copies what the other end sends to stdout until it closes. */
static void drain(struct chain *chain)
{
	char buffer[4096];
	ssize_t length;

	while ((length = read(shared_fd(chain), buffer, sizeof(buffer))) > 0)
		fwrite(buffer, 1, length, stdout);
}

static void send_to(struct chain *chain)
{
	struct sockaddr_in address = next_address(chain);
	struct sockaddr *to = (struct sockaddr *)&address;
	const char *text = next_word(chain);

	open_socket(chain, AF_INET, SOCK_DGRAM, 0);
	if (sendto(chain->fd, text, strlen(text), 0, to, sizeof(address)) < 0)
		fail("sendto");
}

/* Writes NAME as labels: each with its length before it, the root last. Returns their length. */
static size_t write_labels(unsigned char *to, const char *name)
{
	size_t at = 0;

	while (*name) {
		size_t length = strcspn(name, ".");

		if (length == 0 || length > 63 || at + length + 2 > 255) {
			fputs("act: no name for DNS\n", stderr);
			exit(2);
		}
		to[at++] = length;
		memcpy(to + at, name, length);
		at += length;
		name += length + (name[length] == '.');
	}
	to[at++] = 0;
	return at;
}

/* Asks a name server for the addresses of NAME, and does not wait for the answer. */
static void ask_name(struct chain *chain)
{
	static const unsigned char kind_and_class[] = { 0, 1, 0, 1 };
	unsigned char question[300] = { 0x12, 0x34, 1, 0, 0, 1 };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(53) };
	size_t length = 12;

	if (inet_pton(AF_INET, next_word(chain), &address.sin_addr) != 1)
		fail("address");
	length += write_labels(question + length, next_word(chain));
	memcpy(question + length, kind_and_class, sizeof(kind_and_class));
	length += sizeof(kind_and_class);
	open_socket(chain, AF_INET, SOCK_DGRAM, 0);
	if (sendto(chain->fd, question, length, 0, (struct sockaddr *)&address, sizeof(address)) <
	    0)
		fail("sendto");
}

static void send_message(struct chain *chain)
{
	struct sockaddr_in address = next_address(chain);
	char *text = next_word(chain);
	struct iovec part = { .iov_base = text, .iov_len = strlen(text) };
	struct msghdr message = {
		.msg_name = &address,
		.msg_namelen = sizeof(address),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};

	open_socket(chain, AF_INET, SOCK_DGRAM, 0);
	if (sendmsg(chain->fd, &message, 0) < 0)
		fail("sendmsg");
}

/* Makes the shared descriptor the process's stdin, stdout or stderr. */
static void dup_onto(struct chain *chain)
{
	if (dup2(shared_fd(chain), next_number(chain, 2)) < 0)
		fail("dup2");
}

static void packet_socket(struct chain *chain)
{
	open_socket(chain, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
}

const struct verb network_verbs[] = {
	{ "connect", "ADDRESS PORT", connect_tcp },
	{ "connect-udp", "ADDRESS PORT", connect_udp },
	{ "reach", "ADDRESS PORT", reach_tcp },
	{ "listen", "ADDRESS PORT", listen_tcp },
	{ "accept", "", accept_tcp },
	{ "listen-unix", "PATH", listen_unix },
	{ "connect-unix", "PATH", connect_unix },
	{ "send", "TEXT", send_text },
	{ "send-parts", "TEXT", send_parts },
	{ "send-nowhere", "TEXT", send_nowhere },
	{ "drain", "", drain },
	{ "sendto", "ADDRESS PORT TEXT", send_to },
	{ "ask", "ADDRESS NAME", ask_name },
	{ "sendmsg", "ADDRESS PORT TEXT", send_message },
	{ "dup", "0|1|2", dup_onto },
	{ "packet-socket", "", packet_socket },
	{ 0 },
};
