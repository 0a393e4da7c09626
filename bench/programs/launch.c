/*
 * Starts a program again and again, and waits for the alert about it that comes on standard input.
 * For each start one line: its number, when it called execve, when the alert was read (0: it did
 * not come in time), both in nanoseconds since 1970, and the alert as it came.
 *
 * It waits with the priority of real time: how long a reader of alerts waits for a core is none of
 * the sensor's. What it starts has the ordinary one.
 *
 *   launch PROGRAM COUNT PAUSE_MS ALERT_MS_MAX [FIFO]
 *
 * The program gets two arguments: its number, and the word `launched`. Into a FIFO the same goes as
 * a line right before the call of execve: who waits there is told without a sensor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ALERTS_BYTES (1 << 20)

static char alerts[ALERTS_BYTES];
static size_t filled;

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* Takes the first whole line out of what was read; NULL when there is none. */
static char *next_line(void)
{
	static char line[ALERTS_BYTES];
	char *end = memchr(alerts, '\n', filled);
	size_t bytes;

	if (!end)
		return NULL;
	bytes = end - alerts;
	memcpy(line, alerts, bytes);
	line[bytes] = 0;
	filled -= bytes + 1;
	memmove(alerts, end + 1, filled);
	return line;
}

/* Waits for the alert that holds the word; the time at which it was read, 0 when it does not come.
 */
static long long wait_for(const char *word, int ms_max, char **line)
{
	long long until = now() + ms_max * 1000000LL;
	long long read_at = 0;

	for (;;) {
		struct pollfd alert = { .fd = STDIN_FILENO, .events = POLLIN };
		long long left = until - now();
		ssize_t got;

		while ((*line = next_line()))
			if (strstr(*line, word))
				return read_at;
		if (left <= 0 || poll(&alert, 1, left / 1000000 + 1) < 0)
			return 0;
		if (!alert.revents)
			continue;
		got = read(STDIN_FILENO, alerts + filled, ALERTS_BYTES - filled);
		read_at = now();
		if (got <= 0)
			return 0;
		filled += got;
	}
}

static int launch(const char *program, long number, int ms_max, int fifo, long long *called)
{
	char text[32], word[64];
	char *const argv[] = { (char *)program, text, "launched", NULL };
	char *const environment[] = { NULL };
	long long arrived;
	char *line;
	pid_t pid;

	snprintf(text, sizeof(text), "%ld", number);
	snprintf(word, sizeof(word), "\"%ld launched\"", number);
	pid = fork();
	if (pid == 0) {
		*called = now();
		if (fifo >= 0 && dprintf(fifo, "%s\n", word) < 0)
			_exit(127);
		execve(program, argv, environment);
		_exit(127);
	}
	if (pid < 0)
		return -1;
	arrived = wait_for(word, ms_max, &line);
	printf("%ld %lld %lld %s\n", number, *called, arrived, arrived ? line : "");
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

int main(int argc, char **argv)
{
	const struct sched_param priority = { .sched_priority = 1 };
	long long *called = mmap(NULL, sizeof(*called), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fifo = -1;

	if (argc < 5 || argc > 6 || called == MAP_FAILED) {
		fprintf(stderr, "usage: launch PROGRAM COUNT PAUSE_MS ALERT_MS_MAX [FIFO]\n");
		return 2;
	}
	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority)) {
		perror("sched_setscheduler");
		return 1;
	}
	if (argc == 6 && (fifo = open(argv[5], O_WRONLY | O_CLOEXEC)) < 0) {
		perror(argv[5]);
		return 1;
	}
	for (long i = 0; i < atol(argv[2]); i++) {
		usleep(atoi(argv[3]) * 1000);
		if (launch(argv[1], i, atoi(argv[4]), fifo, called)) {
			perror("launch");
			return 1;
		}
	}
	return 0;
}
