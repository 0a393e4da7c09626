// SPDX-License-Identifier: Apache-2.0
/* A 32-bit program that ends with code 7. Without a library: a machine may have none for it. */
void _start(void)
{
	for (;;)
		asm volatile("int $0x80" : : "a"(1), "b"(7));
}
