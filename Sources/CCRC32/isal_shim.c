// SPDX-License-Identifier: Apache-2.0
#include "isal_shim.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// ISAL_BLOCK_FINISH of ISA-L's `enum isal_block_state`: all output is delivered.
enum { block_finish = 5 };
// ISA-L's ISAL_DECOMP_OK; the positive codes ask for wrapper fields that raw DEFLATE lacks.
enum { decompression_ok = 0 };

// Memory for ISA-L's state, with room for a later 2.x that appends fields.
struct commlens_isal {
  _Alignas(64) uint8_t state[COMMLENS_ISAL_STATE_SIZE + 64 * 1024];
};

static void (*library_init)(void *);
static void (*library_reset)(void *);
static int (*library_inflate)(void *);

static void put(commlens_isal *decoder, size_t offset, const void *value, size_t count) {
  memcpy(decoder->state + offset, value, count);
}

static void get(const commlens_isal *decoder, size_t offset, void *value, size_t count) {
  memcpy(value, decoder->state + offset, count);
}

static commlens_isal_status step(
    commlens_isal *decoder, const uint8_t *input, uint32_t input_count, uint8_t *output,
    uint32_t output_count, int64_t *consumed, uint32_t *produced) {
  put(decoder, COMMLENS_ISAL_NEXT_IN, &input, sizeof input);
  put(decoder, COMMLENS_ISAL_AVAIL_IN, &input_count, sizeof input_count);
  put(decoder, COMMLENS_ISAL_NEXT_OUT, &output, sizeof output);
  put(decoder, COMMLENS_ISAL_AVAIL_OUT, &output_count, sizeof output_count);
  int result = library_inflate(decoder->state);
  uint32_t input_left, output_left;
  int32_t buffered_bits, block_state;
  get(decoder, COMMLENS_ISAL_AVAIL_IN, &input_left, sizeof input_left);
  get(decoder, COMMLENS_ISAL_AVAIL_OUT, &output_left, sizeof output_left);
  get(decoder, COMMLENS_ISAL_READ_IN_LENGTH, &buffered_bits, sizeof buffered_bits);
  get(decoder, COMMLENS_ISAL_BLOCK_STATE, &block_state, sizeof block_state);
  *consumed = (int64_t)input_count - (int64_t)input_left;
  *produced = output_count - output_left;
  if (block_state != block_finish && result == decompression_ok) return COMMLENS_ISAL_MORE;
  // Whole bytes that it read ahead belong to whatever follows the stream.
  if (buffered_bits > 0) *consumed -= buffered_bits / 8;
  return result == decompression_ok ? COMMLENS_ISAL_ENDED : COMMLENS_ISAL_FAILED;
}

// MARK: - Loading

static bool usable;
static pthread_once_t load_once = PTHREAD_ONCE_INIT;

// "commlens commlens commlens commlens\n" in one fixed-Huffman block, and a byte after its end.
static const uint8_t sample[] = {
    0x4b, 0xce, 0xcf, 0xcd, 0xcd, 0x49, 0xcd, 0x2b, 0x56, 0x48, 0xc6, 0xc9, 0xe0, 0x02, 0x00, 0xff};
static const char sample_text[] = "commlens commlens commlens commlens\n";

// Decodes the sample in steps of `input_step` and `output_step` bytes.
static bool decodes_sample(uint32_t input_step, uint32_t output_step) {
  const size_t length = sizeof sample_text - 1;
  commlens_isal *decoder = aligned_alloc(_Alignof(commlens_isal), sizeof *decoder);
  if (decoder == NULL) return false;
  memset(decoder, 0, sizeof *decoder);
  library_init(decoder->state);
  uint8_t text[sizeof sample_text + 64] = {0};
  int64_t position = 0;
  size_t written = 0;
  commlens_isal_status status = COMMLENS_ISAL_MORE;
  for (int round = 0; round < 256 && status == COMMLENS_ISAL_MORE; round++) {
    uint32_t left = (uint32_t)(sizeof sample - (size_t)position);
    uint32_t room = (uint32_t)(sizeof text - written);
    int64_t consumed;
    uint32_t produced;
    status = step(
        decoder, sample + position, left < input_step ? left : input_step, text + written,
        room < output_step ? room : output_step, &consumed, &produced);
    position += consumed;
    written += produced;
    if (position < 0 || position > (int64_t)sizeof sample || written > sizeof text) break;
  }
  free(decoder);
  return status == COMMLENS_ISAL_ENDED && position == (int64_t)sizeof sample - 1 &&
         written == length && memcmp(text, sample_text, length) == 0;
}

static void *open_library(void) {
#ifdef COMMLENS_STATIC
  // A static program could load it only beside the very C library that it was linked with.
  return NULL;
#else
  return dlopen("libisal.so.2", RTLD_NOW | RTLD_LOCAL);
#endif
}

static void load(void) {
  void *library = open_library();
  if (library == NULL) return;
  // POSIX lets a function pointer pass through dlsym's void *; ISO C has no cast for it.
  *(void **)&library_init = dlsym(library, "isal_inflate_init");
  *(void **)&library_reset = dlsym(library, "isal_inflate_reset");
  *(void **)&library_inflate = dlsym(library, "isal_inflate");
  usable = library_init != NULL && library_reset != NULL && library_inflate != NULL &&
           decodes_sample(sizeof sample, 256) && decodes_sample(1, 1) &&
           decodes_sample(sizeof sample, 7);
  // Never closed on success: the pointers live as long as the process.
  if (!usable) dlclose(library);
}

bool commlens_isal_load(void) {
  pthread_once(&load_once, load);
  return usable;
}

// MARK: - Decoder

commlens_isal *commlens_isal_create(void) {
  if (!commlens_isal_load()) return NULL;
  commlens_isal *decoder = aligned_alloc(_Alignof(commlens_isal), sizeof *decoder);
  if (decoder == NULL) return NULL;
  memset(decoder, 0, sizeof *decoder);
  library_init(decoder->state);
  return decoder;
}

void commlens_isal_destroy(commlens_isal *decoder) { free(decoder); }

void commlens_isal_reset(commlens_isal *decoder) { library_reset(decoder->state); }

commlens_isal_status commlens_isal_inflate(
    commlens_isal *decoder, const uint8_t *input, uint32_t input_count, uint8_t *output,
    uint32_t output_count, int64_t *consumed, uint32_t *produced) {
  return step(decoder, input, input_count, output, output_count, consumed, produced);
}
