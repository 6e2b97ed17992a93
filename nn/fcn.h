/* fcn for C: encrypted inference through plain functions on opaque handles. C11 and C++; installed as <fcn/fcn.h>.
 *
 *   server                                client (holds the secret key)
 *   fcn_model_load_file
 *   fcn_plan_create
 *   fcn_plan_spec          -- spec -->    fcn_client_create, or fcn_client_load of what fcn_client_save gave
 *   fcn_server_create      <-- keys --    fcn_client_evaluation_keys, once
 *   fcn_server_infer       <- request -   fcn_client_encrypt
 *                          - answer ->    fcn_client_decrypt
 *
 * Errors: every function that can fail returns an fcn_status of its own; there is no state behind it. On an error
 *   outputs are unchanged, except that a stream may have been written in part. The _info, _size and _free functions
 *   cannot fail; the first two need a handle.
 * Exceptions: none leaves a function of a library that was built with them, as it is unless a build says otherwise:
 *   std::bad_alloc becomes FCN_OUT_OF_MEMORY, any other, such as one that a callback throws, FCN_INTERNAL with its text.
 *   Only fcn_allocator's release must not throw, and no callback may leave by longjmp or by the end of its thread.
 *   A library built with -fno-exceptions cannot catch. There callbacks must not throw at all, and FCN_OUT_OF_MEMORY
 *   reports the large arrays (polynomials, keys, ciphertexts), handles and the caller's allocator alone: where a small
 *   allocation by operator new fails, the exception, if the C++ runtime throws one, passes through the library's functions
 *   without their cleaning up, to a handler of the program or to std::terminate; else the runtime ends the program.
 * Floating point: the calling thread may round in any direction, flush subnormal numbers to zero and trap exceptions.
 *   Functions that return an fcn_status set what they need and give back what was there; callbacks run in between, with
 *   rounding to nearest.
 * Threads: models, plans and servers never change after their creation: any number of threads may use one at once. A
 *   client decrypts in any number of threads; it makes keys and encrypts in one at a time, and a second one is refused
 *   with FCN_INVALID_ARGUMENT. Handles are independent of those they were made from, which may be freed first.
 * Memory: the allocator that a function takes gives the memory of its fcn_bytes, and nothing else; null is malloc and
 *   free. Handles and temporary memory come from C++'s operator new, which a program may replace. The fcn_client_write_
 *   and fcn_client_read_ functions use the caller's workspace and no other memory.
 * Randomness: each new client, request and set of keys draws 32 fresh bytes from the source given when the client was
 *   created or loaded; null is the system's. So the copies of a client in forked processes, in restored virtual machines
 *   and containers encrypt with randomness of their own. A caller's source must give other bytes in each copy, too.
 * Secret: only fcn_client_save gives bytes that hold a key. fcn_bytes_free and the _free functions wipe what they free. */
#ifndef FCN_H
#define FCN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fcn_code {
  FCN_OK = 0,
  FCN_INVALID_ARGUMENT, /* a value the caller passed is not allowed */
  FCN_OUT_OF_RANGE,     /* a value, or the noise of a ciphertext, left the range that keeps results exact */
  FCN_CORRUPT,          /* bytes that are truncated, damaged or of another version */
  FCN_MISMATCH,         /* two things that do not belong together: another model's, another key's */
  FCN_UNSUPPORTED,      /* this processor or build cannot do it */
  FCN_UNAVAILABLE,      /* the system, the random source or the other end of a stream refused */
  FCN_OUT_OF_MEMORY,
  FCN_INTERNAL /* an exception that is not about memory: a callback's, or a fault of the library */
} fcn_code;

typedef struct fcn_status {
  fcn_code code;
  char message[252]; /* names the value or file and the reason, cut to fit; empty when code is FCN_OK */
} fcn_status;

typedef enum fcn_layout {
  FCN_LAYOUT_PIXEL = 1, /* one value a ciphertext */
  FCN_LAYOUT_PACKED = 2 /* a layer a ciphertext */
} fcn_layout;

/* A struct that is given has all of its functions: FCN_INVALID_ARGUMENT names one that is null. */

/* allocate: null when there is no memory; release gets the size that was asked for. */
typedef struct fcn_allocator {
  void* (*allocate)(void* user, size_t size);
  void (*release)(void* user, void* memory, size_t size);
  void* user;
} fcn_allocator;

/* fill: size unpredictable bytes, secret from anyone else; 0 on success. A client that was given one calls it for every
 * request and set of keys: fill and user must outlive the handle (the struct itself is copied). When it fails there is no
 * request, and the error is FCN_UNAVAILABLE. */
typedef struct fcn_random {
  int (*fill)(void* user, uint8_t* out, size_t size);
  void* user;
} fcn_random;

/* write: takes all of data, read: fills all of out; 0 on success. */
typedef struct fcn_sink {
  int (*write)(void* user, const uint8_t* data, size_t size);
  void* user;
} fcn_sink;
typedef struct fcn_source {
  int (*read)(void* user, uint8_t* out, size_t size);
  void* user;
} fcn_source;

typedef struct fcn_bytes {
  uint8_t* data;
  size_t size;
  fcn_allocator allocator; /* that fcn_bytes_free gives the memory back to */
} fcn_bytes;
/* Wipes and frees; bytes are then empty. Null and empty bytes are nothing. */
void fcn_bytes_free(fcn_bytes* bytes);

typedef struct fcn_model fcn_model; /* a trained network, with its weights */
typedef struct fcn_plan fcn_plan;   /* a network compiled for one layout, and the parameters chosen for it */
typedef struct fcn_client fcn_client; /* a secret key, and what must be known of the network to use it */
typedef struct fcn_server fcn_server; /* a plan and one client's evaluation keys */

/* What a plan and its client agree on. */
typedef struct fcn_info {
  fcn_layout layout;
  size_t channels, height, width; /* of the input, read in this order */
  size_t inputs;                  /* their product */
  int64_t input_max;              /* inputs are integers in [0, input_max] */
  size_t outputs;
  double output_scale;                       /* real score = score / output_scale */
  size_t evaluation_keys_size, request_size; /* of the messages, in bytes */
  size_t answer_size_max;
} fcn_info;

const char* fcn_version(void);

/* ---- the network ---- */

/* Errors: FCN_CORRUPT naming the line; FCN_UNAVAILABLE naming the file. */
fcn_status fcn_model_load_file(const char* path, fcn_model** model);
fcn_status fcn_model_load(const void* data, size_t size, fcn_model** model);
fcn_status fcn_model_save(const fcn_model* model, const fcn_allocator* allocator, fcn_bytes* bytes);
void fcn_model_free(fcn_model* model);

/* The integers that the network computes in the clear, inputs and scores as in fcn_info: what an encrypted run equals. */
fcn_status fcn_model_run(const fcn_model* model, const int64_t* inputs, size_t input_count, int64_t* scores,
                         size_t score_count);

/* ---- the server ---- */

/* Chooses the smallest secure parameters that the network's noise allows. Errors: FCN_OUT_OF_RANGE (none do),
 * FCN_UNSUPPORTED (this layout cannot run this network). */
fcn_status fcn_plan_create(const fcn_model* model, fcn_layout layout, fcn_plan** plan);
fcn_info fcn_plan_info(const fcn_plan* plan);
/* What clients need: no weights, no secret. */
fcn_status fcn_plan_spec(const fcn_plan* plan, const fcn_allocator* allocator, fcn_bytes* spec);
void fcn_plan_free(fcn_plan* plan);

/* keys: of fcn_client_evaluation_keys. Errors: FCN_CORRUPT; FCN_MISMATCH (keys for another plan). */
fcn_status fcn_server_create(const fcn_plan* plan, const void* keys, size_t keys_size, fcn_server** server);
/* threads: 1 is the calling thread alone, 0 as many as the machine has. Errors: FCN_CORRUPT; FCN_MISMATCH (a request
 * for another plan or of another key). */
fcn_status fcn_server_infer(const fcn_server* server, const void* request, size_t request_size,
                            unsigned threads, const fcn_allocator* allocator, fcn_bytes* answer);
void fcn_server_free(fcn_server* server);

/* ---- the client ---- */

/* A new key. Errors: FCN_CORRUPT (spec), FCN_UNAVAILABLE (randomness). A small spec of a stranger may ask for a terabyte of
 * evaluation keys: fcn_client_info tells the sizes before they are made. */
fcn_status fcn_client_create(const void* spec, size_t spec_size, const fcn_random* random,
                             fcn_client** client);
/* The client's own file, secret key included: to be kept from everyone else. */
fcn_status fcn_client_save(const fcn_client* client, const fcn_allocator* allocator, fcn_bytes* key_file);
fcn_status fcn_client_load(const void* key_file, size_t key_file_size, const fcn_random* random,
                           fcn_client** client);
fcn_info fcn_client_info(const fcn_client* client);
void fcn_client_free(fcn_client* client);

/* What the server needs to compute under this key. */
fcn_status fcn_client_evaluation_keys(fcn_client* client, const fcn_allocator* allocator, fcn_bytes* keys);
/* inputs: integers in [0, input_max]. Errors: FCN_INVALID_ARGUMENT naming the input; FCN_UNAVAILABLE (randomness). */
fcn_status fcn_client_encrypt(fcn_client* client, const int64_t* inputs, size_t count, unsigned threads,
                              const fcn_allocator* allocator, fcn_bytes* request);
/* The same from grey values: 0 stays 0, 255 becomes input_max. */
fcn_status fcn_client_encrypt_pixels(fcn_client* client, const uint8_t* pixels, size_t count,
                                     unsigned threads, const fcn_allocator* allocator, fcn_bytes* request);
/* The answer to a request that this handle made and that still waits for one; afterwards the request waits no longer,
 * whatever the answer decrypted to. Of requests without an answer a handle remembers the latest 4096 (16 in a build of
 * FCN_CLIENT_ONLY).
 * What became of an answer stays with the client: its sender may have made it so that the scores, or whether there are
 * any, tell of the secret key. Behave the same towards the server whatever this returns: ask all that there is to ask,
 * end the conversation, and only then decrypt.
 * Errors: FCN_CORRUPT; FCN_MISMATCH (an answer for another plan or key, to another request or a second one);
 * FCN_INVALID_ARGUMENT (count is not outputs). */
fcn_status fcn_client_decrypt(fcn_client* client, const void* answer, size_t answer_size, int64_t* scores,
                              size_t count);
/* The same for a handle that did not make the request, as after fcn_client_load: the answer must be to this request, of
 * which the first FCN_REQUEST_HEADER_SIZE bytes are enough. It is for the caller to take one answer a request. */
#define FCN_REQUEST_HEADER_SIZE 80
fcn_status fcn_client_decrypt_for(const fcn_client* client, const void* request, size_t request_size,
                                  const void* answer, size_t answer_size, int64_t* scores, size_t count);
/* Both refuse scores that pass 62 bits, as deep networks have (FCN_OUT_OF_RANGE). This one takes up to 254: score i is the
 * number in words[4 i] .. words[4 i + 3], two's complement, the lowest word first. */
fcn_status fcn_client_decrypt_wide_for(const fcn_client* client, const void* request, size_t request_size,
                                       const void* answer, size_t answer_size, uint64_t* words, size_t count);

/* ---- the client on small machines: the same messages as streams, without a heap; evaluation keys for both layouts,
 * requests and answers for the pixel layout only ---- */

/* Bytes of workspace, at any address, that each of the three needs; it is wiped at the end. */
size_t fcn_client_workspace_size(const fcn_client* client);
fcn_status fcn_client_write_evaluation_keys(fcn_client* client, void* workspace, size_t workspace_size,
                                            fcn_sink sink);
fcn_status fcn_client_write_request(fcn_client* client, const int64_t* inputs, size_t count, void* workspace,
                                    size_t workspace_size, fcn_sink sink);
/* Reads exactly one answer, as fcn_client_decrypt and fcn_client_decrypt_for. */
fcn_status fcn_client_read_answer(fcn_client* client, fcn_source source, void* workspace,
                                  size_t workspace_size, int64_t* scores, size_t count);
fcn_status fcn_client_read_answer_for(const fcn_client* client, const void* request, size_t request_size,
                                      fcn_source source, void* workspace, size_t workspace_size,
                                      int64_t* scores, size_t count);

#ifdef __cplusplus
}
#endif
#endif
