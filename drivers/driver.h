/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a technique looks like to a scenario: one const table per driver, one visible list of all. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "lab/base/err.h"
#include "lab/base/field.h"
#include "lab/packet/addr.h"

/*
 * Theory of operation
 *
 * A driver sends or receives by one kernel technique. Underneath lies a plain C
 * interface in the driver's own header (drivers/rx_ring.h …), usable without
 * this one; the table here adapts it to steps.
 *
 * The caller has already entered the node's network namespace when it calls
 * open(); a socket stays in the namespace it was made in, so every later call
 * works from anywhere. Nothing here blocks: send() and receive() return
 * DRIVER_AGAIN and the caller polls driver_poll() for what to wait for.
 */
enum driver_outcome {
	DRIVER_DONE = 0,  /* all that was asked is done */
	DRIVER_AGAIN = 1, /* nothing more can be done now: poll */
	DRIVER_END = 2,   /* receive: the peer has closed the stream */
};

/* Facts of the scenario that open() may need. Interfaces are named as in the node. */
struct driver_open {
	const struct node *options;  /* of the driver's own kind (open, send or receive) */
	const char *interface;       /* packet drivers: where frames go out or come in; NULL: as the options say, else all. Also the
					scope of link-local IPv6 addresses */
	struct ip_addr from, to;     /* bind and connect addresses; family 0: none */
	int32_t from_port, to_port;  /* -1: none */
	const struct driver_setsockopt *setsockopts; /* from `open: {options: …}`, applied between socket() and bind() */
	size_t setsockopt_count;
	bool listen;                 /* stream drivers: wait for connections on `from` */
	bool ip_header;              /* raw: what is sent begins with its IP header, as packets built from layers do */
};

struct driver_setsockopt {
	const char *name;  /* "IP_TTL" */
	const char *value; /* "3" */
};

/* One datagram, frame or stretch of a stream. */
struct driver_message {
	const uint8_t *data;
	size_t length;
	struct ip_addr peer;  /* receive: who sent it; send: to whom, family 0: where open() connected to */
	int32_t peer_port;
	int64_t stamp;        /* receive: CLOCK_REALTIME ns where the technique gives one, else 0 */
	uint32_t wire_length; /* receive: length on the wire where `data` is cut */
};

/*
 * Which call failed: `error: EMSGSIZE` and failure reports speak of it. Calls are named as strace(1) shows them: "sendto",
 * also where C wrote send(). What a non-blocking connect(2) came to (SO_ERROR) counts as "connect"; an error that an
 * interface left on a packet socket counts as the call that ran into it.
 */
struct driver_failure {
	const char *call; /* "sendto"; in static storage */
	int errno_value;  /* positive */
};

struct driver_stats {
	uint64_t packets, bytes; /* sent or received */
	uint64_t drops;          /* known to be lost, by the kernel's own count */
	uint64_t freezes;        /* TPACKET_V3: queue freezes */
	uint64_t calls;          /* system calls made in send() or receive(), waiting included */
};

struct driver_socket; /* each driver's own; begins with `const struct driver *driver` */

struct driver {
	const char *name;    /* "tx_ring" */
	const char *summary; /* one line */
	const char *source;  /* man page or RFC: "packet(7)" */
	const struct node_kind *send_options;    /* NULL: cannot send */
	const struct node_kind *receive_options; /* NULL: cannot receive */
	const struct node_kind *open_options;    /* NULL: no named sockets */
	bool wants_interface; /* works on an interface, not on addresses */
	bool stream;          /* TCP-like: bytes without boundaries, connections */

	/* Does this kernel, here and now, offer it? Tried by doing in a throwaway namespace that the caller made. 0, or a negative errno with what to change. */
	int (*probe)(struct err *err);
	/*
	 * Judges options that no single field can: geometry, sizes, socket option names. Pure. 0 or -EINVAL; `ret_field` names
	 * the field at fault. Do not ask for a step that has `error`: it may want to see the kernel refuse, and open() leaves
	 * refusing to the kernel.
	 */
	int (*check)(const struct node *options, const char **ret_field, struct err *err);
	/* On failure also fills *failure. */
	int (*open)(const struct driver_open *how, struct driver_socket **ret, struct driver_failure *failure, struct err *err);
	/* Sends whole messages; *ret_sent counts those accepted, also on failure or DRIVER_AGAIN. Streams: a message may be partly sent, kept inside. */
	int (*send)(struct driver_socket *socket, const struct driver_message *messages, size_t count, size_t *ret_sent,
		    struct driver_failure *failure, struct err *err);
	/*
	 * Waits for nothing; DRIVER_DONE once all accepted messages have left (rings: slots given back; streams: connected, and
	 * all bytes in the kernel), else DRIVER_AGAIN. NULL: always done.
	 */
	int (*flush)(struct driver_socket *socket, struct driver_failure *failure, struct err *err);
	/* One message; its data stays valid until the next call. DRIVER_DONE, DRIVER_AGAIN, DRIVER_END. */
	int (*receive)(struct driver_socket *socket, struct driver_message *ret, struct driver_failure *failure, struct err *err);
	/* Stream listeners: the next connection as a socket of its own, or DRIVER_AGAIN. NULL elsewhere. */
	int (*accept)(struct driver_socket *socket, struct driver_socket **ret, struct driver_failure *failure, struct err *err);
	/* What poll(2) should wait for before the next call. */
	struct pollfd (*poll)(const struct driver_socket *socket, bool sending);
	int (*stats)(struct driver_socket *socket, struct driver_stats *ret, struct err *err);
	/* NULL is allowed. `reset`: streams end with RST (SO_LINGER 0). */
	void (*close)(struct driver_socket *socket, bool reset);
};

/* The first member of every driver's socket struct. */
struct driver_socket {
	const struct driver *driver;
};

/* Every driver; ends with NULL. To find them all, read drivers/registry.c. */
extern const struct driver *const drivers[];
const struct driver *driver_find(const char *name);

/* The option `interface` of a packet driver's options, or NULL where it has none or none was written. */
const char *driver_option_interface(const struct node *options);

/* The drivers' field tables, for lab/scenario: a registry in static storage. */
const struct registry *driver_registry(void);
