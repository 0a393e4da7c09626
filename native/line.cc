// See line.h.
#include "line.h"

#include <algorithm>

namespace bulwark {

static constexpr size_t idBytesMax = 128;

namespace {

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

} // namespace

Table::Table(Bytes bytes)
{
	Reader reader("the table", bytes);
	begin = reader.text();
	otherBegin = reader.text();
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

Line::Line(Call &call)
{
	const Bytes bytes = call.bytes(1, "bytes");
	from = call.number(2, "from");
	to = call.number(3, "to");
	if (from > to || to > bytes.size || bytes.size >= lineBytesMax)
		reject("the line", "it is not within the bytes, or these are too many");
	data = bytes.data;
}

size_t Line::find(const Text &mark, size_t at, size_t end) const
{
	if (at > end)
		return nowhere;
	const void *found = memmem(data + at, end - at, mark.data, mark.size);
	return found ? static_cast<const uint8_t *>(found) - data : nowhere;
}

size_t Line::behind(const Text &mark, size_t at) const
{
	const size_t found = find(mark, at, to);
	return found == nowhere ? nowhere : found + mark.size;
}

size_t Line::endOf(const Passage &passage, size_t at) const
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

Cut::Cut(const Table &table, const Line &lineOfIt) : line(lineOfIt), after(lineOfIt.from)
{
	const size_t id = line.find(table.id, line.from, line.to);
	if (id == nowhere || !isInHead(table, id))
		return;
	if (!pass(table, 0) || !isInHead(table, line.from + pieces[0].bytes)) {
		pieces.clear();
		return;
	}
	if (table.once > 1)
		pass(table, 1);
	// What may be left out is compared as a whole.
	least = line.behind(table.end, after);
	for (size_t i = 2; i < table.once; i++)
		pass(table, i);
	bool isWhole = table.once < table.passages.size();
	while (isWhole)
		for (size_t i = table.once; isWhole && i < table.passages.size(); i++)
			isWhole = pass(table, i);
	add(line.to, noPassage);
}

bool Cut::pass(const Table &table, size_t index)
{
	const Passage &passage = table.passages[index];
	const size_t begin =
		least == nowhere ? nowhere : line.behind(passage.head, std::max(after, least));
	const size_t end = begin == nowhere ? nowhere : line.endOf(passage, begin);
	if (end == nowhere || pieces.size() == passagesMax)
		return false;
	add(begin, static_cast<uint32_t>(index));
	after = end;
	return true;
}

void Cut::add(size_t end, uint32_t passage)
{
	starts.push_back(after);
	pieces.push_back({ static_cast<uint32_t>(end - after), passage });
}

bool Cut::isInHead(const Table &table, size_t at) const
{
	const size_t head = line.behind(table.head, line.from);
	return head <= at && !memchr(line.data + head, '{', at - head);
}

double keyOf(const Table &table, const Line &line)
{
	const size_t begin = line.behind(table.id, line.from);
	if (begin == nowhere)
		return -1;
	const size_t longest = std::min(line.to - begin, idBytesMax + 1);
	const void *quote = memchr(line.data + begin, '"', longest);
	if (!quote)
		return -1;
	uint32_t hash = 2166136261; // FNV-1a.
	for (const uint8_t *at = line.data + begin; at < quote; at++)
		hash = (hash ^ *at) * 16777619;
	return hash >> 1;
}

} // namespace bulwark
