// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/// Which of 64 bytes are of a kind that matters in JSON; bit *n* stands for byte *n*.
typedef struct {
  uint64_t quotes;
  uint64_t backslashes;
  /// `{` and `}`, and the bytes that differ from them in two bits only (`y` and DEL).
  uint64_t braces;
  /// ASCII letters.
  uint64_t letters;
} commlens_byte_masks;

typedef uint8_t commlens_bytes16 __attribute__((ext_vector_type(16)));
typedef bool commlens_flags16 __attribute__((ext_vector_type(16)));
typedef uint8_t commlens_bytes64 __attribute__((ext_vector_type(64)));
typedef bool commlens_flags64 __attribute__((ext_vector_type(64)));

static inline __attribute__((always_inline)) uint64_t commlens_bits(commlens_flags64 flags) {
  uint64_t bits;
  memcpy(&bits, &flags, sizeof bits);
  return bits;
}

/// Looks at 64 bytes at once.
///
/// In C because Swift's vectors have no way to make their comparison a number: a processor does it
/// in one instruction, and the multiplications that replace it take half of the time of a scan.
static inline __attribute__((always_inline)) commlens_byte_masks commlens_masks(
    const void *sixtyFourBytes) {
  commlens_bytes64 bytes;
  memcpy(&bytes, sixtyFourBytes, sizeof bytes);
  commlens_byte_masks masks;
  masks.quotes = commlens_bits(__builtin_convertvector(bytes == '"', commlens_flags64));
  masks.backslashes = commlens_bits(__builtin_convertvector(bytes == '\\', commlens_flags64));
  masks.braces = commlens_bits(__builtin_convertvector((bytes | 0x06) == 0x7F, commlens_flags64));
  commlens_bytes64 letters = (bytes | 0x20) - 'a';
  masks.letters = commlens_bits(__builtin_convertvector(letters < 26, commlens_flags64));
  return masks;
}

/// Which of 16 bytes may end a string or its plain part: quotes and backslashes.
static inline __attribute__((always_inline)) uint32_t commlens_string_ends(
    const void *sixteenBytes) {
  commlens_bytes16 bytes;
  memcpy(&bytes, sixteenBytes, sizeof bytes);
  commlens_flags16 flags =
      __builtin_convertvector((bytes == '"') | (bytes == '\\'), commlens_flags16);
  uint16_t bits;
  memcpy(&bits, &flags, sizeof bits);
  return bits;
}
