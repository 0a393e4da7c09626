// SPDX-License-Identifier: Apache-2.0
/* Ends at once, whatever its arguments: a program to be executed. */
int main(void)
{
	return 0;
}
