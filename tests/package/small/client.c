/* A complete client for a small machine: after its set-up it uses no heap. Files are the server's to carry.
 *   client new SPEC KEY EVALUATION_KEYS REQUEST     a key; what the server needs; the encrypted test image
 *   client read KEY REQUEST ANSWER                  the scores, one a line */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <fcn/fcn.h>

#ifndef AFTER_SETUP
#define AFTER_SETUP() (void)0 /* measure.c counts from here */
#endif

static uint8_t workspace[128 << 10];
static size_t workspace_size; /* of which this client needs so much */
static uint8_t file[8 << 10];
static int64_t inputs[1024], scores[64];

static int put(void* fd, const uint8_t* data, size_t size) {
  while (size != 0) {
    const ssize_t done = write(*(int*)fd, data, size);
    if (done <= 0) return 1;
    data += done, size -= (size_t)done;
  }
  return 0;
}
static int get(void* fd, uint8_t* out, size_t size) {
  while (size != 0) {
    const ssize_t done = read(*(int*)fd, out, size);
    if (done <= 0) return 1;
    out += done, size -= (size_t)done;
  }
  return 0;
}
static int create(const char* path) { return open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600); }
static size_t load(const char* path) {
  const int fd = open(path, O_RDONLY);
  const ssize_t size = fd < 0 ? -1 : read(fd, file, sizeof file);
  if (fd >= 0) close(fd);
  return size < 0 ? 0 : (size_t)size;
}
/* An allocator over a fixed array: one object at a time. */
static void* take(void* user, size_t size) { return (void)user, size <= sizeof file ? file : NULL; }
static void give_back(void* user, void* memory, size_t size) { (void)user, (void)memory, (void)size; }

static int failed(fcn_status status) {
  if (status.code == FCN_OK) return 0;
  const char* end = "\n";
  (void)!write(2, status.message, strlen(status.message)), (void)!write(2, end, 1);
  return 1;
}

static int new_client(char** path) {
  fcn_client* client = NULL;
  fcn_bytes key = {0};
  const fcn_allocator allocator = {take, give_back, NULL};
  if (failed(fcn_client_create(file, load(path[0]), NULL, &client))) return 2;
  if (failed(fcn_client_save(client, &allocator, &key))) return 2;
  const fcn_info info = fcn_client_info(client);
  workspace_size = fcn_client_workspace_size(client);
  if (workspace_size > sizeof workspace) return 2;
  int key_fd = create(path[1]), keys_fd = create(path[2]), request_fd = create(path[3]);
  if (put(&key_fd, key.data, key.size) || info.inputs > sizeof inputs / sizeof *inputs) return 2;
  fcn_bytes_free(&key);
  for (size_t i = 0; i < info.inputs; ++i) inputs[i] = (int64_t)(i * i) % (info.input_max + 1);
  AFTER_SETUP();
  const fcn_sink keys = {put, &keys_fd}, request = {put, &request_fd};
  if (failed(fcn_client_write_evaluation_keys(client, workspace, workspace_size, keys))) return 2;
  if (failed(fcn_client_write_request(client, inputs, info.inputs, workspace, workspace_size, request))) return 2;
  fcn_client_free(client);
  return 0;
}

static int read_answer(char** path) {
  fcn_client* client = NULL;
  if (failed(fcn_client_load(file, load(path[0]), NULL, &client))) return 2;
  const fcn_info info = fcn_client_info(client);
  workspace_size = fcn_client_workspace_size(client);
  if (workspace_size > sizeof workspace) return 2;
  static uint8_t request[FCN_REQUEST_HEADER_SIZE]; /* all that must be kept of it */
  int request_fd = open(path[1], O_RDONLY), fd = open(path[2], O_RDONLY);
  if (get(&request_fd, request, sizeof request)) return 2;
  const fcn_source answer = {get, &fd};
  if (info.outputs > sizeof scores / sizeof *scores) return 2;
  AFTER_SETUP();
  if (failed(fcn_client_read_answer_for(client, request, sizeof request, answer, workspace, workspace_size, scores,
                                        info.outputs)))
    return 2;
  fcn_client_free(client);
  for (size_t i = 0; i < info.outputs; ++i) {
    char line[32];
    const int length = snprintf(line, sizeof line, "%lld\n", (long long)scores[i]);
    (void)!write(1, line, (size_t)length);
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc == 6 && strcmp(argv[1], "new") == 0) return new_client(argv + 2);
  if (argc == 5 && strcmp(argv[1], "read") == 0) return read_answer(argv + 2);
  return 2;
}
