// A BPF object as the other files of the addon see it.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include <bpf/libbpf.h>

#include "environment.h"

namespace bulwark {

struct CloseObject {
	void operator()(bpf_object *object) const { bpf_object__close(object); }
};

// An object on its way into the kernel, on a thread of its own. Its end waits for that.
class ObjectLoad {
public:
	explicit ObjectLoad(std::shared_ptr<bpf_object> object);
	~ObjectLoad();
	ObjectLoad(const ObjectLoad &) = delete;
	ObjectLoad &operator=(const ObjectLoad &) = delete;

	void wait();

	int error = 0;
	std::string log;

private:
	const std::shared_ptr<bpf_object> file;
	std::thread thread;
};

struct ObjectHandle : Handle {
	static constexpr Kind handleKind = Kind::object;
	static constexpr const char *name = "BPF object";

	explicit ObjectHandle(bpf_object *object) : Handle(handleKind), file(object, CloseObject{})
	{
	}

	// By name; a missing one fails with what there is.
	bpf_program *program(const std::string &wanted) const;
	bpf_map *map(const std::string &wanted) const;
	// The fd of a program or map that is in the kernel; fails before `load`, or `makeMaps`.
	int fdOf(const bpf_program *program) const;
	int fdOf(const bpf_map *map) const;
	void mustNotBeLoaded(const char *what) const;

	// Shared with links: libbpf wants the object to be there when one is destroyed.
	std::shared_ptr<bpf_object> file;
	bool loaded = false;
	// `makeMaps` has made those that programs may write to.
	bool hasMaps = false;
	// A thread loads it: nothing else touches it.
	bool loading = false;
	// That thread, where somebody is going to wait for it.
	std::unique_ptr<ObjectLoad> load;
};

} // namespace bulwark
