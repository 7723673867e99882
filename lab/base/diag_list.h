/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of every diagnostic; see diag.h. Included by it alone. */
#pragma once

/* Text that is no YAML, or YAML outside the language's subset. */
#define DIAG_LIST_SYNTAX(X)                                                                             \
	X(YAML_SYNTAX, DIAG_ERROR, "the file is not valid YAML 1.2")                                    \
	X(YAML_ENCODING, DIAG_ERROR, "the file is not UTF-8, or holds a NUL byte")                      \
	X(YAML_EMPTY, DIAG_ERROR, "the file holds no scenario")                                         \
	X(YAML_DOCUMENTS, DIAG_ERROR, "a file holds one document")                                      \
	X(YAML_TAG, DIAG_ERROR, "tags are refused")                                                     \
	X(YAML_ALIAS, DIAG_ERROR, "anchors and aliases are refused")                                    \
	X(YAML_DUPLICATE_KEY, DIAG_ERROR, "a key stands twice in one map")                              \
	X(YAML_KEY, DIAG_ERROR, "a key is not a plain word")                                            \
	X(YAML_DEPTH, DIAG_ERROR, "the file nests too deeply or is too large")                          \
	X(QUOTE_THIS, DIAG_ERROR, "YAML took a value apart that was meant as text")

/* Maps, lists and scalars in the wrong place. */
#define DIAG_LIST_STRUCTURE(X)                                                                          \
	X(UNKNOWN_KEY, DIAG_ERROR, "a key that the language does not have at this place")               \
	X(MISSING_KEY, DIAG_ERROR, "a key that must be there is missing")                               \
	X(WRONG_SHAPE, DIAG_ERROR, "a map, a list or a scalar where another was wanted")                \
	X(CONFLICTING_KEYS, DIAG_ERROR, "two keys that exclude each other")                             \
	X(STEP_VERB, DIAG_ERROR, "a step has no verb, or more than one")                                \
	X(DUPLICATE_NAME, DIAG_ERROR, "a name is given twice")                                          \
	X(LINK_ENDS, DIAG_ERROR, "a link has fewer than two ends")

/* Scalars that do not parse as their type. */
#define DIAG_LIST_VALUE(X)                                                                              \
	X(BAD_VALUE, DIAG_ERROR, "a value does not parse as its type")                                  \
	X(OUT_OF_RANGE, DIAG_ERROR, "a number outside its range")                                       \
	X(UNKNOWN_CHOICE, DIAG_ERROR, "a word that is not one of the choices")                          \
	X(BAD_NAME, DIAG_ERROR, "a name that the kernel or the language does not allow")                \
	X(BAD_ROUTE, DIAG_ERROR, "words that are no route, rule or neighbour as iproute2 writes them")  \
	X(BAD_PACKET, DIAG_ERROR, "layers that cannot be built into a packet")

/* Names that lead nowhere. */
#define DIAG_LIST_REFERENCE(X)                                                                          \
	X(UNKNOWN_NODE, DIAG_ERROR, "a node that the lab does not have")                                \
	X(UNKNOWN_INTERFACE, DIAG_ERROR, "an interface that the node does not have")                    \
	X(UNKNOWN_STEP, DIAG_ERROR, "a step name that no earlier step has")                             \
	X(UNKNOWN_REFERENCE, DIAG_ERROR, "a $(name) that nothing defines")                              \
	X(UNKNOWN_DRIVER, DIAG_ERROR, "a technique that nslab does not have")                           \
	X(UNKNOWN_FIELD, DIAG_ERROR, "a field name that no layer has")                                  \
	X(UNKNOWN_PARAM, DIAG_ERROR, "a -D name=value whose name is no param of the scenario")          \
	X(FILE_MISSING, DIAG_ERROR, "a file that the scenario names cannot be read")                    \
	X(NO_ADDRESS, DIAG_ERROR, "an address is asked of an interface or node that has none that fits") \
	X(USE_CYCLE, DIAG_ERROR, "files that use each other in a circle")

/* Legal to read, wrong or odd to run. */
#define DIAG_LIST_CHECK(X)                                                                              \
	X(BAD_FILTER, DIAG_ERROR, "a filter that pcap-filter(7) refuses, or that we refuse")            \
	X(BAD_RULESET, DIAG_ERROR, "a ruleset that nft refuses")                                        \
	X(BAD_OPTION, DIAG_ERROR, "options of a technique that do not fit together")                    \
	X(BAD_EXPECT, DIAG_ERROR, "an expectation that cannot be judged as written")                    \
	X(BAD_SYSCTL, DIAG_ERROR, "a sysctl that a lab's namespace does not have, or not to write")     \
	X(TOO_LARGE, DIAG_ERROR, "a lab that would go near a limit it shares with its host")            \
	X(SUBNET_OVERLAP, DIAG_WARNING, "two wires carry overlapping subnets")                          \
	X(OFF_LINK, DIAG_WARNING, "an end's address lies in no subnet of the other ends")               \
	X(UNUSED_NODE, DIAG_WARNING, "a node that no link and no step mentions")                        \
	X(MTU_MISMATCH, DIAG_WARNING, "the ends of a wire have different MTUs")                         \
	X(OUTSIDE_ADDRESS, DIAG_WARNING, "an address outside the documentation and loopback ranges")    \
	X(NO_EXPECTATION, DIAG_WARNING, "a scenario that expects nothing can only fail by error")
