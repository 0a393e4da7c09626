// Lines of text that say what an earlier one said but for some passages. What a passage is stands
// in a table that JavaScript brings: see line-keeper.ts.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "call.h"

namespace bulwark {

constexpr size_t nowhere = SIZE_MAX;
// Of one line.
constexpr size_t passagesMax = 64;
constexpr size_t lineBytesMax = 1 << 24;
constexpr uint32_t noPassage = UINT32_MAX;

struct Text {
	const uint8_t *data;
	size_t size;
};

// A part of a line: from behind its head to its tail.
struct Passage {
	Text head, tail;
	// Where one of these stands within it, it is another part than that.
	std::vector<Text> without;
	// A longer one is another part than that.
	size_t bytesMax;
};

// What is looked for in lines.
struct Table {
	// What a line begins with that is compared; and one that is kept, and is not compared.
	Text begin, otherBegin;
	// Behind it stands, up to a quote, what tells lines of one object from those of others.
	Text id;
	// Behind it stands the version, and no map between.
	Text head;
	// Where what may be left out of a line ends. All passages but two follow it.
	Text end;
	// How many stand once each, the version first; the others follow again and again.
	size_t once;
	std::vector<Passage> passages;

	explicit Table(Bytes bytes);
};

// One piece of what is kept: so many bytes, and behind them a passage.
struct Piece {
	uint32_t bytes;
	uint32_t passage;
};

// What is kept of a line: its pieces, and the bytes of all.
struct Kept {
	std::vector<Piece> pieces;
	std::vector<uint8_t> bytes;
};

// A line among other bytes.
class Line {
public:
	Line(const uint8_t *bytes, size_t begin, size_t end) : data(bytes), from(begin), to(end) {}

	// Arguments 1 to 3 of a call.
	explicit Line(Call &call);

	// Where a mark stands, from a place on and before another.
	size_t find(const Text &mark, size_t at, size_t end) const;
	// Where it goes on behind a mark, from there on.
	size_t behind(const Text &mark, size_t at) const;
	// Where a passage ends that begins there.
	size_t endOf(const Passage &passage, size_t at) const;

	bool isAt(size_t at, const uint8_t *bytes, size_t size) const
	{
		return size <= to - at && memcmp(data + at, bytes, size) == 0;
	}

	bool isAt(size_t at, const Text &text) const { return isAt(at, text.data, text.size); }

	const uint8_t *data;
	size_t from, to;
};

// The pieces of a line, and where each of them begins; none when its id or its version is not where
// they are expected.
class Cut {
public:
	Cut(const Table &table, const Line &lineOfIt);

	std::vector<Piece> pieces;
	std::vector<size_t> starts;

	size_t endOf(size_t index) const { return starts[index] + pieces[index].bytes; }

private:
	bool pass(const Table &table, size_t index);
	void add(size_t end, uint32_t passage);
	bool isInHead(const Table &table, size_t at) const;

	const Line &line;
	size_t after;
	// Where the next passage begins at the earliest; nowhere: there are no more.
	size_t least = 0;
};

// What tells the object of a line from others, nearly always; below 0: nothing does.
double keyOf(const Table &table, const Line &line);

} // namespace bulwark
