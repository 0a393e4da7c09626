// Lines of text that say what an earlier one said but for some passages: kept, and compared with
// what was kept. What a passage is stands in a table that JavaScript brings: see lines.ts.
#include <algorithm>
#include <cctype>
#include <cstring>
#include <vector>

#include "addon.h"
#include "call.h"

namespace bulwark {

namespace {

constexpr size_t nowhere = SIZE_MAX;
// Of one line.
constexpr size_t passagesMax = 64;
// Two places in a line are told as one number.
constexpr double placeStep = 1 << 24;
constexpr size_t lineBytesMax = 1 << 24;
constexpr uint32_t noPassage = UINT32_MAX;
constexpr size_t idBytesMax = 128;
constexpr size_t chunkDigitsMax = 8;

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

// Reads numbers and texts one after the other.
class Reader {
public:
	Reader(const char *nameOfIt, Bytes bytes) : name(nameOfIt), at(bytes.data), left(bytes.size)
	{
	}

	uint32_t number()
	{
		const Text text = take(sizeof(uint32_t));
		uint32_t value;
		memcpy(&value, text.data, sizeof(value));
		return value;
	}

	Text text()
	{
		const Text text = take(number());
		if (text.size == 0)
			reject(name, "it has a text of no bytes");
		return text;
	}

	Text rest() { return take(left); }
	bool isAtEnd() const { return left == 0; }

	Text take(size_t size)
	{
		if (size > left)
			reject(name, "it is cut");
		const Text text = { at, size };
		at += size;
		left -= size;
		return text;
	}

private:
	const char *name;
	const uint8_t *at;
	size_t left;
};

struct Table {
	// What a line begins with that is compared.
	Text begin;
	// Behind it stands, up to a quote, what tells lines of one object from those of others.
	Text id;
	// Behind it stands the version, and no map between.
	Text head;
	// Where what may be left out of a line ends.
	Text end;
	// How many stand once each, the version first; the others follow again and again.
	size_t once;
	std::vector<Passage> passages;

	explicit Table(Bytes bytes)
	{
		Reader reader("the table", bytes);
		begin = reader.text();
		id = reader.text();
		head = reader.text();
		end = reader.text();
		once = reader.number();
		while (!reader.isAtEnd() && passages.size() < passagesMax) {
			Passage passage = { reader.text(), reader.text(), {}, reader.number() };
			for (uint32_t count = reader.number(); count > 0; count--)
				passage.without.push_back(reader.text());
			passages.push_back(std::move(passage));
		}
		if (!reader.isAtEnd() || once < 1 || once > passages.size())
			reject("the table", "it has too many passages, or too few");
	}
};

// One piece of what is kept: so many bytes, and behind them a passage.
struct Piece {
	uint32_t bytes;
	uint32_t passage;
};

struct Kept {
	std::vector<Piece> pieces;
	Text bytes;

	Kept(Bytes kept, const Table &table)
	{
		Reader reader("what is kept", kept);
		const uint32_t count = reader.number();
		if (count < 1 || count > passagesMax + 1)
			reject("what is kept", "it has too many pieces, or none");
		size_t sum = 0;
		for (uint32_t i = 0; i < count; i++) {
			const uint32_t size = reader.number(), passage = reader.number();
			const bool isLast = i + 1 == count;
			if (isLast ? passage != noPassage : passage >= table.passages.size())
				reject("what is kept", "it has a passage of no kind");
			pieces.push_back({ size, passage });
			sum += size;
		}
		bytes = reader.rest();
		if (sum != bytes.size)
			reject("what is kept", "it has more bytes than its pieces, or fewer");
	}
};

// A line among other bytes.
class Line {
public:
	Line(const uint8_t *bytes, size_t begin, size_t end) : data(bytes), from(begin), to(end) {}

	explicit Line(Call &call)
	{
		const Bytes bytes = call.bytes(1, "bytes");
		from = call.number(2, "from");
		to = call.number(3, "to");
		if (from > to || to > bytes.size || bytes.size >= lineBytesMax)
			reject("the line", "it is not within the bytes, or these are too many");
		data = bytes.data;
	}

	size_t find(const Text &mark, size_t at, size_t end) const
	{
		if (at > end)
			return nowhere;
		const void *found = memmem(data + at, end - at, mark.data, mark.size);
		return found ? static_cast<const uint8_t *>(found) - data : nowhere;
	}

	// Where it goes on behind a mark, from there on.
	size_t behind(const Text &mark, size_t at) const
	{
		const size_t found = find(mark, at, to);
		return found == nowhere ? nowhere : found + mark.size;
	}

	// Where a passage ends that begins there.
	size_t endOf(const Passage &passage, size_t at) const
	{
		const size_t longest = std::min(to - at, passage.bytesMax);
		const size_t end = std::min(to, at + longest + passage.tail.size);
		const size_t tail = find(passage.tail, at, end);
		if (tail == nowhere)
			return nowhere;
		for (const Text &mark : passage.without) {
			// One that begins before the tail may go on behind it.
			const size_t found = find(mark, at, std::min(to, tail + mark.size - 1));
			if (found != nowhere)
				return nowhere;
		}
		return tail;
	}

	bool isAt(size_t at, const uint8_t *bytes, size_t size) const
	{
		return size <= to - at && memcmp(data + at, bytes, size) == 0;
	}

	const uint8_t *data;
	size_t from, to;
};

double placesOf(size_t first, size_t second)
{
	return static_cast<double>(first) * placeStep + static_cast<double>(second);
}

constexpr double none = -1;

// The pieces of a line, and where each of them begins; none when it has no version.
class Cut {
public:
	Cut(const Table &table, const Line &lineOfIt) : line(lineOfIt), after(lineOfIt.from)
	{
		if (!pass(table, 0) || !isInHead(table, line.from + pieces[0].bytes)) {
			pieces.clear();
			return;
		}
		for (size_t i = 1; i < table.once; i++)
			pass(table, i);
		bool isWhole = table.once < table.passages.size();
		while (isWhole)
			for (size_t i = table.once; isWhole && i < table.passages.size(); i++)
				isWhole = pass(table, i);
		add(line.to, noPassage);
	}

	std::vector<Piece> pieces;
	std::vector<size_t> starts;

private:
	bool pass(const Table &table, size_t index)
	{
		const Passage &passage = table.passages[index];
		const size_t begin = line.behind(passage.head, after);
		const size_t end = begin == nowhere ? nowhere : line.endOf(passage, begin);
		if (end == nowhere || pieces.size() == passagesMax)
			return false;
		add(begin, static_cast<uint32_t>(index));
		after = end;
		return true;
	}

	void add(size_t end, uint32_t passage)
	{
		starts.push_back(after);
		pieces.push_back({ static_cast<uint32_t>(end - after), passage });
	}

	bool isInHead(const Table &table, size_t at) const
	{
		const size_t head = line.behind(table.head, line.from);
		return head <= at && !memchr(line.data + head, '{', at - head);
	}

	const Line &line;
	size_t after;
};

} // namespace

// What is to be kept of a line, into bytes: how many; 0 when it is not written as is expected.
static napi_value keepLine(Call &call)
{
	const Table table(call.bytes(0, "table"));
	const Line line(call);
	const Bytes into = call.bytes(4, "into");
	const Cut cut(table, line);
	if (cut.pieces.empty())
		return makeNumber(call.env, 0);
	const uint32_t count = static_cast<uint32_t>(cut.pieces.size());
	size_t size = sizeof(count) + count * sizeof(Piece);
	for (const Piece &piece : cut.pieces)
		size += piece.bytes;
	if (size > into.size)
		reject("argument 5 (into)", "too few bytes");
	// The bytes may be those of the line.
	std::vector<uint8_t> kept(size);
	uint8_t *at = kept.data();
	const auto put = [&at](const void *from, size_t bytes) {
		memcpy(at, from, bytes);
		at += bytes;
	};
	put(&count, sizeof(count));
	put(cut.pieces.data(), count * sizeof(Piece));
	for (size_t i = 0; i < count; i++)
		put(line.data + cut.starts[i], cut.pieces[i].bytes);
	memcpy(into.data, kept.data(), size);
	return makeNumber(call.env, static_cast<double>(size));
}

namespace {

// Where the version of a line stands that says what was kept; none: it has no length.
Text versionOf(const Table &table, const Line &line, const Kept &kept)
{
	size_t at = line.from, version = 0, versionEnd = 0;
	const uint8_t *bytes = kept.bytes.data;
	for (size_t i = 0; i < kept.pieces.size(); i++) {
		const Piece &piece = kept.pieces[i];
		if (!line.isAt(at, bytes, piece.bytes))
			return {};
		at += piece.bytes;
		bytes += piece.bytes;
		if (piece.passage == noPassage)
			break;
		const size_t end = line.endOf(table.passages[piece.passage], at);
		if (end == nowhere)
			return {};
		if (i == 0) {
			version = at;
			versionEnd = end;
		}
		at = end;
	}
	return at == line.to ? Text{ line.data + version, versionEnd - version } : Text{};
}

// What tells the object of a line from others, nearly always; none when nothing does.
double keyOf(const Table &table, const Line &line)
{
	const size_t begin = line.behind(table.id, line.from);
	if (begin == nowhere)
		return none;
	const size_t longest = std::min(line.to - begin, idBytesMax + 1);
	const void *quote = memchr(line.data + begin, '"', longest);
	if (!quote)
		return none;
	uint32_t hash = 2166136261; // FNV-1a.
	for (const uint8_t *at = line.data + begin; at < quote; at++)
		hash = (hash ^ *at) * 16777619;
	return hash >> 1;
}

// The line of a chunk of an HTTP answer, behind its beginning, where the bytes are that chunk and
// nothing else, and it is that line.
bool lineOfChunk(const Table &table, const Bytes &bytes, size_t length, Line &line)
{
	size_t at = 0, size = 0;
	for (; at < std::min(length, chunkDigitsMax) && isxdigit(bytes.data[at]); at++) {
		const uint8_t digit = bytes.data[at];
		size = size * 16 + (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
	}
	// Two bytes behind the size, and two behind the chunk.
	if (at == 0 || size == 0 || length != at + 2 + size + 2)
		return false;
	const uint8_t *from = bytes.data + at + 2, *to = from + size - 1;
	if (memcmp(from - 2, "\r\n", 2) != 0 || memcmp(to, "\n\r\n", 3) != 0 ||
	    memchr(from, '\n', size) != to)
		return false;
	line = Line(bytes.data, from - bytes.data, to - bytes.data);
	if (table.begin.size > line.to - line.from ||
	    !line.isAt(line.from, table.begin.data, table.begin.size))
		return false;
	line.from += table.begin.size;
	return true;
}

Bytes chunkBytes(Call &call, size_t &length)
{
	const Bytes bytes = call.bytes(1, "bytes");
	length = call.number(2, "length");
	if (length > bytes.size || length >= lineBytesMax)
		reject("argument 3 (length)", "more than there are, or may be");
	return bytes;
}

} // namespace

// Where the version of a line stands that says what was kept, and how long it is; or none.
static napi_value sameLine(Call &call)
{
	const Table table(call.bytes(0, "table"));
	const Line line(call);
	const Text version = versionOf(table, line, Kept(call.bytes(4, "kept"), table));
	const double places =
		version.data ? placesOf(version.data - line.data, version.size) : none;
	return makeNumber(call.env, places);
}

// What tells the object of a line from others; or none.
static napi_value lineKey(Call &call)
{
	const Table table(call.bytes(0, "table"));
	return makeNumber(call.env, keyOf(table, Line(call)));
}

// The same of the line of a chunk.
static napi_value chunkKey(Call &call)
{
	const Table table(call.bytes(0, "table"));
	size_t length;
	const Bytes bytes = chunkBytes(call, length);
	Line line(bytes.data, 0, 0);
	const bool isOne = lineOfChunk(table, bytes, length, line);
	return makeNumber(call.env, isOne ? keyOf(table, line) : none);
}

// As sameLine, of the line of a chunk.
static napi_value sameChunk(Call &call)
{
	const Table table(call.bytes(0, "table"));
	size_t length;
	const Bytes bytes = chunkBytes(call, length);
	const Kept kept(call.bytes(3, "kept"), table);
	Line line(bytes.data, 0, 0);
	if (!lineOfChunk(table, bytes, length, line))
		return makeNumber(call.env, none);
	const Text version = versionOf(table, line, kept);
	const double places =
		version.data ? placesOf(version.data - line.data, version.size) : none;
	return makeNumber(call.env, places);
}

// Of a line that has the part which may be left out as it was kept: where the passage before it
// begins, and where the line goes on; or none.
static napi_value lineWithout(Call &call)
{
	const Table table(call.bytes(0, "table"));
	const Line line(call);
	const Kept kept(call.bytes(4, "kept"), table);
	const auto &pieces = kept.pieces;
	if (table.once < 2 || pieces.size() < 3 || pieces[1].passage != 1)
		return makeNumber(call.env, none);
	const uint8_t *part = kept.bytes.data + pieces[0].bytes + pieces[1].bytes;
	const void *found = memmem(part, pieces[2].bytes, table.end.data, table.end.size);
	const size_t begin = line.behind(table.passages[1].head, line.from);
	if (!found || begin == nowhere)
		return makeNumber(call.env, none);
	const size_t size = static_cast<const uint8_t *>(found) - part + table.end.size;
	const size_t tail = line.endOf(table.passages[1], begin);
	if (tail == nowhere || !line.isAt(tail, part, size))
		return makeNumber(call.env, none);
	// All of the end but its first byte, which closes the part.
	return makeNumber(call.env, placesOf(begin, tail + size - table.end.size + 1));
}

void registerLines(napi_env env, napi_value exports)
{
	addFunction(env, exports, "keepLine", entry<keepLine>);
	addFunction(env, exports, "sameLine", entry<sameLine>);
	addFunction(env, exports, "lineWithout", entry<lineWithout>);
	addFunction(env, exports, "lineKey", entry<lineKey>);
	addFunction(env, exports, "chunkKey", entry<chunkKey>);
	addFunction(env, exports, "sameChunk", entry<sameChunk>);
}

} // namespace bulwark
