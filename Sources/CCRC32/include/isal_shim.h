// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Where ISA-L 2.x keeps the fields of its `struct inflate_state` that we use, in bytes.
///
/// ISA-L's header is not needed to build commlens; a test compares these with the header where it
/// is installed, and `commlens_isal_load` tries the library before it is trusted.
enum {
  COMMLENS_ISAL_NEXT_OUT = 0,
  COMMLENS_ISAL_AVAIL_OUT = 8,
  COMMLENS_ISAL_NEXT_IN = 16,
  COMMLENS_ISAL_AVAIL_IN = 32,
  COMMLENS_ISAL_READ_IN_LENGTH = 36,
  COMMLENS_ISAL_BLOCK_STATE = 21160,
  COMMLENS_ISAL_STATE_SIZE = 87368,
};

/// One ISA-L decoder of raw DEFLATE.
typedef struct commlens_isal commlens_isal;

/// How a step of the decoder ended.
typedef enum {
  COMMLENS_ISAL_MORE = 0,
  COMMLENS_ISAL_ENDED = 1,
  COMMLENS_ISAL_FAILED = 2,
} commlens_isal_status;

/// Loads `libisal.so.2` once and decodes a known stream with it; false when either fails.
bool commlens_isal_load(void);

/// Makes a decoder, or returns NULL when the library is not loaded or memory is short.
commlens_isal *commlens_isal_create(void);

/// Frees a decoder; NULL is allowed.
void commlens_isal_destroy(commlens_isal *decoder);

/// Forgets everything: the next byte starts a stream.
void commlens_isal_reset(commlens_isal *decoder);

/// Decodes as much as fits.
///
/// `*consumed` is negative when the stream ended within bytes that an earlier step had taken in.
commlens_isal_status commlens_isal_inflate(
    commlens_isal *decoder, const uint8_t *input, uint32_t input_count, uint8_t *output,
    uint32_t output_count, int64_t *consumed, uint32_t *produced);
