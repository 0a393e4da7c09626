// Keeps lines of a watch, and tells which others say nothing new: see line-keeper.ts.
#include <algorithm>
#include <cctype>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <uv.h>

#include "addon.h"
#include "call.h"
#include "environment.h"
#include "line.h"

namespace bulwark {

namespace {

constexpr size_t chunkDigitsMax = 8;
constexpr size_t versionDigitsMax = 30;
constexpr size_t roomStep = 256;
constexpr double none = -1;
// What a chunk is, where that is no line to be read; else the key of the line and where it begins
// are told as one number.
constexpr double noLine = -2, passed = -1, beginStep = 16;
// What was left out of a line.
constexpr uint32_t lacksSpec = 1, lacksStatus = 2, lacksMetadata = 4;
// What the objects end with that a line is made of: that of the API, and the event.
constexpr uint8_t braces[] = { '}', '}' };
constexpr Text closing = { braces, sizeof(braces) };

// Whether a version is a number, which goes up; others are opaque.
bool isNumber(const std::string &version)
{
	return !version.empty() && version.size() <= versionDigitsMax &&
	       (version.size() == 1 || version[0] != '0') &&
	       version.find_first_not_of("0123456789") == std::string::npos;
}

// Both are numbers, or empty: older than all.
bool isOlder(const std::string &version, const std::string &than)
{
	return version.size() == than.size() ? version < than : version.size() < than.size();
}

// Lines of one table that are kept, each by its key.
class LineKeeper : public Handle {
public:
	static constexpr Kind handleKind = Kind::keeper;
	static constexpr const char *name = "keeper";

	explicit LineKeeper(Bytes bytes)
		: Handle(handleKind), tableBytes(bytes.data, bytes.data + bytes.size),
		  table(Bytes{ tableBytes.data(), tableBytes.size() })
	{
	}

	// Bytes that are taken up by what is kept of a line; 0: nothing is.
	size_t keep(Line line)
	{
		asked = nullptr;
		const double key = keyOf(table, line);
		if (key == none)
			return 0;
		const uint32_t id = static_cast<uint32_t>(key);
		const bool isKnown = skip(line, table.begin) || skip(line, table.otherBegin);
		const Cut cut(table, line);
		if (!isKnown || cut.pieces.empty()) {
			all.erase(id);
			return 0;
		}
		size_t size = 0;
		for (const Piece &piece : cut.pieces)
			size += piece.bytes;
		Kept &kept = all[id];
		kept.pieces.assign(cut.pieces.begin(), cut.pieces.end());
		// Most lines of an object are about as long: room is in steps, and used again.
		const size_t room = (size + roomStep - 1) / roomStep * roomStep;
		kept.bytes.clear();
		if (kept.bytes.capacity() != room) {
			kept.bytes = {};
			kept.bytes.reserve(room);
		}
		for (size_t i = 0; i < cut.pieces.size(); i++) {
			const uint8_t *from = line.data + cut.starts[i];
			kept.bytes.insert(kept.bytes.end(), from, from + cut.pieces[i].bytes);
		}
		return room + kept.pieces.size() * sizeof(Piece);
	}

	void drop(uint32_t key)
	{
		asked = nullptr;
		all.erase(key);
	}

	void clear()
	{
		asked = nullptr;
		all.clear();
	}

	// Whether a line says what was kept of its object, and has a version that is a number and
	// not below the newest one, which it is then.
	bool passes(Line line)
	{
		asked = nullptr;
		if (!skip(line, table.begin))
			return false;
		const double key = keyOf(table, line);
		const auto found = key == none ? all.end() : all.find(static_cast<uint32_t>(key));
		asked = found == all.end() ? nullptr : &found->second;
		Text text = {};
		if (!asked || !isSame(line, line.from, *asked, 0, 0, text) ||
		    text.size > versionDigitsMax)
			return false;
		const std::string version(text.data, text.data + text.size);
		if (!isNumber(version) || isOlder(version, newest))
			return false;
		newest = version;
		passedNs = uv_hrtime();
		return true;
	}

	// Of bytes that are a chunk of an HTTP answer and nothing else, where that is a line with a
	// key, and its end: `passed`, or key and beginning; else `noLine`.
	double passesChunk(Bytes bytes, size_t length)
	{
		Line line(bytes.data, 0, 0);
		if (!lineOfChunk(bytes, length, line))
			return noLine;
		if (passes(line))
			return passed;
		const double key = keyOf(table, line);
		return key == none ? noLine : key * beginStep + static_cast<double>(line.from);
	}

	// The line that was asked for last, without what may be left out and is as it was kept: all
	// behind its metadata, or its spec and, where they are the same, its other metadata. Empty:
	// it must be read as a whole.
	std::string rest(const Line &line)
	{
		lacks = 0;
		if (!asked || table.once < 2 || asked->pieces.size() < 3 ||
		    asked->pieces[1].passage != 1)
			return {};
		const auto &pieces = asked->pieces;
		const size_t begin = line.behind(table.passages[1].head, line.from);
		const size_t tail =
			begin == nowhere ? nowhere : line.endOf(table.passages[1], begin);
		if (tail == nowhere)
			return {};
		const size_t before = size_t{ pieces[0].bytes } + pieces[1].bytes;
		const uint8_t *part = asked->bytes.data() + before;
		size_t goesOn;
		Text version = {};
		if (line.to - tail > closing.size && line.isAt(line.to - closing.size, closing) &&
		    isSame(line, tail, *asked, 2, before, version)) {
			lacks = lacksSpec | lacksStatus;
			goesOn = line.to - closing.size;
		} else {
			const void *found =
				memmem(part, pieces[2].bytes, table.end.data, table.end.size);
			const size_t size = found ? static_cast<const uint8_t *>(found) - part : 0;
			if (!found || !line.isAt(tail, part, size + table.end.size))
				return {};
			lacks = lacksSpec;
			goesOn = tail + size + 1;
		}
		const size_t head = endOfHead(line, begin);
		if (!(lacks & lacksStatus) && head != nowhere) {
			lacks |= lacksMetadata;
			return textOf(line, head, "}", goesOn);
		}
		return textOf(line, begin, "}]}", goesOn);
	}

	// Of what `rest` gave.
	uint32_t lacks = 0;

	double key(const Line &line) const { return keyOf(table, line); }

	// Of what was seen last; empty when that is no number.
	std::string newest;
	// When a line passed last; 0: none has.
	uint64_t passedNs = 0;

private:
	static std::string textOf(const Line &line, size_t to, const char *middle, size_t from)
	{
		std::string text(line.data + line.from, line.data + to);
		text += middle;
		text.append(line.data + from, line.data + line.to);
		return text;
	}

	// Where the version of a line ends, with its quote, whose metadata are as they were kept,
	// up to where the second passage begins.
	size_t endOfHead(Line line, size_t second) const
	{
		const auto &pieces = asked->pieces;
		const uint8_t *bytes = asked->bytes.data();
		if (!skip(line, table.begin) || !line.isAt(line.from, bytes, pieces[0].bytes))
			return nowhere;
		const size_t end = line.endOf(table.passages[0], line.from + pieces[0].bytes);
		const bool isSame = end != nowhere && end + pieces[1].bytes == second &&
				    line.isAt(end, bytes + pieces[0].bytes, pieces[1].bytes);
		return isSame ? end + table.passages[0].tail.size : nowhere;
	}

	static bool skip(Line &line, const Text &begin)
	{
		if (!line.isAt(line.from, begin))
			return false;
		line.from += begin.size;
		return true;
	}

	// Whether a line says, from a place to its end, what was kept from a piece on, which begins
	// behind so many bytes. The first passage is the version.
	bool isSame(const Line &line, size_t at, const Kept &kept, size_t first, size_t before,
		    Text &version) const
	{
		const uint8_t *bytes = kept.bytes.data() + before;
		for (size_t i = first; i < kept.pieces.size(); i++) {
			const Piece &piece = kept.pieces[i];
			if (!line.isAt(at, bytes, piece.bytes))
				return false;
			at += piece.bytes;
			bytes += piece.bytes;
			if (piece.passage == noPassage)
				break;
			const size_t end = line.endOf(table.passages[piece.passage], at);
			if (end == nowhere)
				return false;
			if (i == 0)
				version = { line.data + at, end - at };
			at = end;
		}
		return at == line.to;
	}

	// The line of a chunk.
	bool lineOfChunk(const Bytes &bytes, size_t length, Line &line) const
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
		return true;
	}

	std::vector<uint8_t> tableBytes;
	const Table table;
	std::unordered_map<uint32_t, Kept> all;
	// Of the object of the line that was asked for last.
	const Kept *asked = nullptr;
};

} // namespace

static napi_value openKeeper(Call &call)
{
	return makeNumber(call.env, call.environment.add(
					    std::make_unique<LineKeeper>(call.bytes(0, "table"))));
}

static napi_value keepLine(Call &call)
{
	auto &keeper = call.handle<LineKeeper>(0);
	return makeNumber(call.env, static_cast<double>(keeper.keep(Line(call))));
}

static napi_value dropLine(Call &call)
{
	call.handle<LineKeeper>(0).drop(call.number(1, "key"));
	return nullptr;
}

static napi_value dropLines(Call &call)
{
	call.handle<LineKeeper>(0).clear();
	return nullptr;
}

static napi_value lineKey(Call &call)
{
	const auto &keeper = call.handle<LineKeeper>(0);
	return makeNumber(call.env, keeper.key(Line(call)));
}

static napi_value passesLine(Call &call)
{
	auto &keeper = call.handle<LineKeeper>(0);
	return makeBoolean(call.env, keeper.passes(Line(call)));
}

namespace {

// A function of JavaScript that looks at the beginning of the same bytes again and again.
struct ChunkGate {
	uint32_t keeper;
	Bytes bytes;
	// Of the bytes, which stay where they are.
	napi_ref held;
};

napi_value passesChunk(Call &call)
{
	const auto &gate = *static_cast<const ChunkGate *>(call.data);
	auto *keeper = static_cast<LineKeeper *>(call.environment.find(gate.keeper));
	if (!keeper)
		failClosed(LineKeeper::name);
	const size_t length = call.number(0, "length");
	if (length > gate.bytes.size)
		reject("argument 1 (length)", "more bytes than there are");
	return makeNumber(call.env, keeper->passesChunk(gate.bytes, length));
}

} // namespace

// (length) => what so many of the bytes are.
static napi_value chunkGate(Call &call)
{
	call.handle<LineKeeper>(0);
	auto gate = std::make_unique<ChunkGate>();
	gate->keeper = call.number(0, "keeper");
	gate->bytes = call.bytes(1, "bytes");
	if (gate->bytes.size >= lineBytesMax)
		reject("argument 2 (bytes)", "too many");
	napi_value function;
	check(napi_create_function(call.env, "passesChunk", NAPI_AUTO_LENGTH, entry<passesChunk>,
				   gate.get(), &function));
	const napi_finalize drop = [](napi_env env, void *data, void *) {
		auto *dropped = static_cast<ChunkGate *>(data);
		napi_delete_reference(env, dropped->held);
		delete dropped;
	};
	check(napi_create_reference(call.env, call.value(1), 1, &gate->held));
	check(napi_add_finalizer(call.env, function, gate.get(), drop, nullptr, nullptr));
	gate.release();
	return function;
}

// How long ago a line passed, milliseconds; below 0: none has.
static napi_value passedAgo(Call &call)
{
	const uint64_t passedNs = call.handle<LineKeeper>(0).passedNs;
	const double ms = static_cast<double>(uv_hrtime() - passedNs) / 1e6;
	return makeNumber(call.env, passedNs == 0 ? none : ms);
}

static napi_value lineRest(Call &call)
{
	auto &keeper = call.handle<LineKeeper>(0);
	return makeText(call.env, keeper.rest(Line(call)));
}

static napi_value restLacks(Call &call)
{
	return makeNumber(call.env, call.handle<LineKeeper>(0).lacks);
}

// Takes the version of a line that was read; returns whether it is older than the newest.
static napi_value seeVersion(Call &call)
{
	auto &keeper = call.handle<LineKeeper>(0);
	const std::string version = call.text(1, "version");
	const bool isBack = isNumber(version) && isOlder(version, keeper.newest);
	keeper.newest = isNumber(version) ? version : "";
	return makeBoolean(call.env, isBack);
}

static napi_value newestVersion(Call &call)
{
	return makeText(call.env, call.handle<LineKeeper>(0).newest);
}

void registerLineKeepers(napi_env env, napi_value exports)
{
	addFunction(env, exports, "openKeeper", entry<openKeeper>);
	addFunction(env, exports, "keepLine", entry<keepLine>);
	addFunction(env, exports, "dropLine", entry<dropLine>);
	addFunction(env, exports, "dropLines", entry<dropLines>);
	addFunction(env, exports, "lineKey", entry<lineKey>);
	addFunction(env, exports, "passesLine", entry<passesLine>);
	addFunction(env, exports, "chunkGate", entry<chunkGate>);
	addFunction(env, exports, "passedAgo", entry<passedAgo>);
	addFunction(env, exports, "lineRest", entry<lineRest>);
	addFunction(env, exports, "restLacks", entry<restLacks>);
	addFunction(env, exports, "seeVersion", entry<seeVersion>);
	addFunction(env, exports, "newestVersion", entry<newestVersion>);
}

} // namespace bulwark
