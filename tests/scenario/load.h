/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading scenarios in tests. */
#pragma once

#include "lab/scenario/scenario.h"

/* A loaded text with its cases; findings as text. */
struct loaded {
	struct scenario_file *file; /* NULL where it could not be loaded */
	const struct scenario_case *cases;
	size_t count;
	struct diag_list diags;
	struct text findings;       /* printed, sorted */
};

void load_text(struct loaded *loaded, const char *text, const struct param_override *overrides, size_t override_count);
/* As load_text(), and fails the test where there is any finding. Returns the first case's tree. */
const struct scenario_tree *load_clean(struct loaded *loaded, const char *text);
void load_free(struct loaded *loaded);

/* Two hosts on a wire, 192.0.2.1 and 192.0.2.2 with IPv6 beside, and the steps given. */
#define TWO_HOSTS(steps)                                                                  \
	"scenario: two hosts\n"                                                            \
	"nodes: {left: {}, right: {}}\n"                                                   \
	"links:\n"                                                                         \
	"  - left:eth0: [192.0.2.1/24, 2001:db8::1/64]\n"                                  \
	"    right:eth0: [192.0.2.2/24, 2001:db8::2/64]\n"                                 \
	"steps:\n" steps
#define EXPECT_STEP "  - expect: {at: right:eth0, packets: udp}\n"
