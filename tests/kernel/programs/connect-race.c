// SPDX-License-Identifier: Apache-2.0
/*
 * Connects to an address that another thread writes over all the time:
 *
 *   connect-race PORT COUNT
 *
 * Prints a line a round: the last number of the address that the connection came to.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST 2
#define SECOND 3

static struct sockaddr_in to = { .sin_family = AF_INET };
static volatile int done;

static void *change_address(void *unused)
{
	volatile unsigned char *last = (unsigned char *)&to.sin_addr + 3;

	(void)unused;
	while (!done)
		*last ^= FIRST ^ SECOND;
	return NULL;
}

static int listener(in_port_t port)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = port };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 1000))
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	int rounds = argc == 3 ? atoi(argv[2]) : 0;
	struct sockaddr_in peer;
	socklen_t bytes = sizeof(peer);
	pthread_t changer;

	to.sin_port = htons(rounds > 0 ? atoi(argv[1]) : 0);
	to.sin_addr.s_addr = htonl(0x7f000000 + FIRST);
	if (rounds <= 0 || listener(to.sin_port) < 0 ||
	    pthread_create(&changer, NULL, change_address, NULL))
		return 2;
	for (int i = 0; i < rounds; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
		    getpeername(fd, (struct sockaddr *)&peer, &bytes))
			return 1;
		printf("%u\n", ntohl(peer.sin_addr.s_addr) & 0xff);
		close(fd);
	}
	done = 1;
	pthread_join(changer, NULL);
	return 0;
}
