/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The width of a terminal. */
#include "lab/report/report.h"

#include <sys/ioctl.h>

unsigned terminal_columns(int fd, unsigned standard)
{
	struct winsize size = {0};

	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return standard;
	return size.ws_col;
}
