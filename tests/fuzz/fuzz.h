/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for any input; the message says what did not. */
#define FUZZ_CHECK(c, ...)						\
	do {								\
		if (!(c)) {						\
			fprintf(stderr, "fuzz: %s: ", #c);		\
			fprintf(stderr, __VA_ARGS__);			\
			fputc('\n', stderr);				\
			abort();					\
		}							\
	} while (0)
