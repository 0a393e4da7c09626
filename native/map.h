// A map in the kernel, whether it came from an object or was made alone.
#pragma once

#include <memory>
#include <string>

#include "environment.h"
#include "memory.h"

namespace bulwark {

// An fd that is closed with its owner.
class OwnedFd {
public:
	explicit OwnedFd(int opened) : fd(opened) {}
	~OwnedFd();
	OwnedFd(const OwnedFd &) = delete;
	OwnedFd &operator=(const OwnedFd &) = delete;
	// A second fd of the same thing, so that either may be closed first.
	static int copyOf(int fd, const char *what);

	const int fd;
};

struct MapFacts {
	std::string title;
	uint32_t type, keyBytes, valueBytes, maxEntries;

	bool perCpu() const;
	// What a lookup or an update moves: a per-CPU map's value once for each possible CPU.
	size_t transferBytes() const;
};

struct MapHandle : Handle {
	static constexpr Kind handleKind = Kind::map;
	static constexpr const char *name = "map";

	MapHandle(int fdOfMap, MapFacts factsOfMap)
		: Handle(handleKind), file(fdOfMap), facts(std::move(factsOfMap))
	{
	}
	void close(Environment &environment) override;

	const OwnedFd file;
	const MapFacts facts;
	std::unique_ptr<Mapping> memory; // of an array map, once it was asked for
};

} // namespace bulwark
