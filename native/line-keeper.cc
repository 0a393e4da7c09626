// Keeps lines of a watch, and tells which others say nothing new: see line-keeper.ts.
#include <algorithm>
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
// What was left out of a line; and, with how many bytes it takes up, whether it went back in time.
constexpr uint32_t lacksSpec = 1, lacksStatus = 2, lacksMetadata = 4, isBackFlag = 8;
constexpr double bytesStep = 16;
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

// Of a digit of a hexadecimal number; below 0: it is none. The C library's own asks for a locale.
int valueOf(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	const int letter = (digit | 0x20) - 'a';
	return letter >= 0 && letter < 6 ? letter + 10 : -1;
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

	~LineKeeper() override { *here = nullptr; }

	// Bytes that are taken up by what is kept of a line; 0: nothing is.
	size_t keep(Line line)
	{
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
		return store(all[id], line, cut);
	}

	void drop(uint32_t key) { all.erase(key); }

	void clear() { all.clear(); }

	// Whether a line says what was kept of its object, and has a version that is a number and
	// not below the newest one, which it is then.
	bool passes(Line line)
	{
		if (!skip(line, table.begin))
			return false;
		const double key = keyOf(table, line);
		const auto found = key == none ? all.end() : all.find(static_cast<uint32_t>(key));
		Text text = {};
		if (found == all.end() || !saysSame(line, found->second, text) ||
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

	// Keeps a line of an object of which one is kept, takes its version, and returns its object
	// without what may be left out and is as it was kept: all behind its metadata, or its spec
	// and, where they are the same, its metadata. Empty: it must be read as a whole, and
	// nothing is done.
	std::string takeRest(Line line)
	{
		const double key = keyOf(table, line);
		const auto found = key == none ? all.end() : all.find(static_cast<uint32_t>(key));
		if (found == all.end() || !skip(line, table.begin))
			return {};
		const Cut cut(table, line);
		if (cut.pieces.empty())
			return {};
		const size_t versionAt = cut.endOf(0);
		const std::string version(line.data + versionAt, line.data + cut.starts[1]);
		std::string text = isNumber(version) ? restOf(line, cut, found->second) : "";
		if (text.empty())
			return {};
		taken.bytes = store(found->second, line, cut);
		taken.isBack = isOlder(version, newest);
		newest = version;
		return text;
	}

	// Where it is, for whoever asks often; nullptr when it is closed.
	const std::shared_ptr<LineKeeper *> here = std::make_shared<LineKeeper *>(this);

	// Of the line whose rest was taken last.
	struct {
		uint32_t lacks = 0;
		// That are taken up by what is kept of it.
		size_t bytes = 0;
		// Whether its version was older than the newest.
		bool isBack = false;
	} taken;

	double key(const Line &line) const { return keyOf(table, line); }

	// Of what was seen last; empty when that is no number.
	std::string newest;
	// When a line passed last; 0: none has.
	uint64_t passedNs = 0;

private:
	// See `takeRest`.
	std::string restOf(const Line &line, const Cut &cut, const Kept &kept)
	{
		const auto &was = kept.pieces, &is = cut.pieces;
		const uint8_t *bytes = kept.bytes.data();
		const size_t end = line.to - 1; // Of the object: the event ends behind it.
		if (table.once < 2 || was.size() < 3 || is.size() < 3 || was[1].passage != 1 ||
		    is[1].passage != 1 || !line.isAt(line.to - closing.size, closing))
			return {};
		const size_t head = line.find(table.head, line.from, cut.endOf(0));
		const size_t before = head - line.from;
		if (before > was[0].bytes || !line.isAt(line.from, bytes, before))
			return {};
		const uint8_t *behind = bytes + was[0].bytes + was[1].bytes;
		std::string text = "{";
		const bool lacksAll = isSame(line, cut, kept, 2, is.size(), behind);
		if (lacksAll || !isSame(line, cut, kept, 0, 2, bytes)) {
			text.append(line.data + head, line.data + cut.endOf(1)).append("}]}");
			taken.lacks = lacksAll ? lacksSpec | lacksStatus : lacksSpec;
		} else
			taken.lacks = lacksSpec | lacksMetadata;
		if (lacksAll)
			return text + "}";
		const void *found = memmem(behind, was[2].bytes, table.end.data, table.end.size);
		const size_t size = found ? static_cast<const uint8_t *>(found) - behind : 0;
		if (!found || !line.isAt(cut.starts[2], behind, size + table.end.size))
			return {};
		// Behind the byte that closes it, and the comma.
		size_t at = cut.starts[2] + size + 2;
		if (at > end)
			return {};
		if (text.size() > 1)
			text += ',';
		for (size_t i = 2; i + 1 < is.size(); i++)
			if (is[i].passage < table.once) {
				text.append(line.data + at, line.data + cut.endOf(i));
				at = cut.starts[i + 1];
			}
		return text.append(line.data + at, line.data + end);
	}

	// Whether these pieces of a line are those that were kept, whose bytes begin there.
	static bool isSame(const Line &line, const Cut &cut, const Kept &kept, size_t first,
			   size_t last, const uint8_t *bytes)
	{
		if (last == cut.pieces.size() && last != kept.pieces.size())
			return false;
		for (size_t i = first; i < last; i++) {
			const Piece &was = kept.pieces[i], &is = cut.pieces[i];
			if (was.bytes != is.bytes || was.passage != is.passage ||
			    memcmp(line.data + cut.starts[i], bytes, is.bytes) != 0)
				return false;
			bytes += is.bytes;
		}
		return true;
	}

	// Returns bytes that are taken up.
	static size_t store(Kept &kept, const Line &line, const Cut &cut)
	{
		size_t size = 0;
		for (const Piece &piece : cut.pieces)
			size += piece.bytes;
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

	static bool skip(Line &line, const Text &begin)
	{
		if (!line.isAt(line.from, begin))
			return false;
		line.from += begin.size;
		return true;
	}

	// Whether a line says what was kept. The first passage is the version.
	bool saysSame(const Line &line, const Kept &kept, Text &version) const
	{
		const uint8_t *bytes = kept.bytes.data();
		size_t at = line.from;
		for (const Piece &piece : kept.pieces) {
			if (!line.isAt(at, bytes, piece.bytes))
				return false;
			at += piece.bytes;
			bytes += piece.bytes;
			if (piece.passage == noPassage)
				break;
			const size_t end = line.endOf(table.passages[piece.passage], at);
			if (end == nowhere)
				return false;
			if (piece.passage == 0)
				version = { line.data + at, end - at };
			at = end;
		}
		return at == line.to;
	}

	// The line of a chunk.
	bool lineOfChunk(const Bytes &bytes, size_t length, Line &line) const
	{
		size_t at = 0, size = 0;
		for (; at < std::min(length, chunkDigitsMax); at++) {
			const int digit = valueOf(bytes.data[at]);
			if (digit < 0)
				break;
			size = size * 16 + digit;
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
	std::shared_ptr<LineKeeper *> keeper;
	Bytes bytes;
	// Of the bytes, which stay where they are.
	napi_ref held;
};

napi_value passesChunk(Call &call)
{
	const auto &gate = *static_cast<const ChunkGate *>(call.data);
	LineKeeper *const keeper = *gate.keeper;
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
	auto gate = std::make_unique<ChunkGate>();
	gate->keeper = call.handle<LineKeeper>(0).here;
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

static napi_value takeRest(Call &call)
{
	auto &keeper = call.handle<LineKeeper>(0);
	return makeText(call.env, keeper.takeRest(Line(call)));
}

// What `takeRest` did, as one number: each call costs as much as what it tells.
static napi_value restTaken(Call &call)
{
	const auto &taken = call.handle<LineKeeper>(0).taken;
	const uint32_t flags = taken.lacks | (taken.isBack ? isBackFlag : 0);
	return makeNumber(call.env, static_cast<double>(taken.bytes) * bytesStep + flags);
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
	addFunction(env, exports, "takeRest", entry<takeRest>);
	addFunction(env, exports, "restTaken", entry<restTaken>);
	addFunction(env, exports, "seeVersion", entry<seeVersion>);
	addFunction(env, exports, "newestVersion", entry<newestVersion>);
}

} // namespace bulwark
