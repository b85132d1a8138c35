/* The only JSON that the shim understands: one top-level key of an object, and the text of its value. */
#ifndef SCAN_H
#define SCAN_H

#include "sys.h"

/* A piece of a text; at is 0 where there is none. */
struct span { const char *at; size length; };

/* The value of a key, as it stands in the text; the last one where a key comes twice, as JSON.parse has it.
 * None where the key is absent or the text is no object whose brackets and strings close. */
struct span scan_find(const char *text, size length, const char *key);

/* Whether a span is exactly this text. */
int scan_is(struct span span, const char *text);

#endif
