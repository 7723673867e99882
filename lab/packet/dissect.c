/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame taken apart, layer by layer. */
#include "lab/packet/layer_ops.h"

/*
 * Theory of operation
 *
 * Each layer is asked, with at least its shortest header in front of it, how
 * long the header is, where its contents end and what follows. The loop here
 * believes none of it: a header stays within what is available, and what is
 * available only shrinks from layer to layer. So no later reader of the
 * dissection has to ask whether a byte is there.
 */

static bool take(struct dissection *packet, const struct dissect_step *step, uint32_t at)
{
	uint32_t length = step->length, total = step->total;

	if (length < step->layer->minimum || length > step->available || total > step->available)
		return false;
	if (total < length)
		total = length;
	packet->layers[packet->count++] = (struct dissected_layer){
		.layer = step->layer, .offset = at, .length = length, .end = at + total,
	};
	if (!step->layer->ops->application) {
		packet->payload_offset = at + length;
		packet->payload_length = total - length;
	}
	return true;
}

void packet_dissect(const uint8_t *data, size_t length, struct dissection *ret)
{
	const struct layer *layer = &layer_eth;
	uint32_t at = 0, end = length > UINT32_MAX / 8 ? UINT32_MAX / 8 : (uint32_t)length;
	bool quoted = false; /* inside an ICMP error, which need not quote all of a packet */

	*ret = (struct dissection){.data = data, .length = end, .wire_length = length, .payload_length = end};
	while (layer) {
		struct dissect_step step = {
			.header = data + at, .available = end - at, .packet = ret, .layer = layer, .length = (uint32_t)layer->minimum,
			.total = end - at,
		};
		bool lenient = quoted || layer->ops->application;

		if (ret->count == DISSECT_LAYERS_MAX) {
			ret->malformed = "more layers than can be told apart";
			return;
		}
		if (step.available < layer->minimum) {
			if (!lenient)
				ret->malformed = "a header is cut short";
			return;
		}
		if (layer->ops->dissect)
			layer->ops->dissect(&step);
		if (step.malformed && !lenient)
			ret->malformed = step.malformed;
		if (step.stop || !take(ret, &step, at))
			return;
		quoted |= (layer == &layer_icmp || layer == &layer_icmpv6) && step.next;
		at += step.length;
		end = ret->layers[ret->count - 1].end;
		layer = step.next;
	}
}
