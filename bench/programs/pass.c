/*
 * Waits for lines from a FIFO as a loop of events does, and passes each on to standard output: what
 * no program that sleeps until it is told is faster than.
 *
 *   pass FIFO
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char line[1 << 16];
	struct epoll_event event = { .events = EPOLLIN };
	int told = argc == 2 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
	int poll = epoll_create1(EPOLL_CLOEXEC);

	if (told < 0 || poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, told, &event)) {
		perror("pass FIFO");
		return 1;
	}
	while (epoll_wait(poll, &event, 1, -1) == 1) {
		ssize_t bytes = read(told, line, sizeof(line));

		if (bytes <= 0 || write(STDOUT_FILENO, line, bytes) != bytes)
			break;
	}
	perror("pass");
	return 1;
}
