/* An encrypted image in C: the server never sees it. usage: example MODEL */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <fcn/fcn.h>

static void check(fcn_status status) {
  if (status.code == FCN_OK) return;
  fprintf(stderr, "%s\n", status.message);
  exit(2);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: example MODEL\n");
    return 2;
  }
  fcn_model* model = NULL;
  fcn_plan* plan = NULL;
  fcn_client* client = NULL;
  fcn_server* server = NULL;
  fcn_bytes spec = {0}, keys = {0}, request = {0}, answer = {0};

  /* The server compiles the network and publishes what clients must know of it. */
  check(fcn_model_load_file(argv[1], &model));
  check(fcn_plan_create(model, FCN_LAYOUT_PIXEL, &plan));
  check(fcn_plan_spec(plan, NULL, &spec));

  /* The client makes its keys and encrypts. */
  check(fcn_client_create(spec.data, spec.size, NULL, &client));
  check(fcn_client_evaluation_keys(client, NULL, &keys));
  const fcn_info info = fcn_client_info(client);
  int64_t* image = calloc(info.inputs, sizeof *image);
  int64_t* scores = calloc(2 * info.outputs, sizeof *scores);
  int64_t* expected = scores + info.outputs;
  for (size_t i = 0; i < info.inputs; ++i) image[i] = (int64_t)(i * i) % (info.input_max + 1);
  check(fcn_client_encrypt(client, image, info.inputs, 0, NULL, &request));

  /* The server computes on what it cannot read; the client decrypts. */
  check(fcn_server_create(plan, keys.data, keys.size, &server));
  check(fcn_server_infer(server, request.data, request.size, 0, NULL, &answer));
  check(fcn_client_decrypt(client, answer.data, answer.size, scores, info.outputs));

  check(fcn_model_run(model, image, info.inputs, expected, info.outputs));
  int exact = 1;
  for (size_t i = 0; i < info.outputs; ++i) {
    printf("output %zu: %.6g\n", i, (double)scores[i] / info.output_scale);
    exact = exact && scores[i] == expected[i];
  }
  printf("%s the integers of the network in the clear\n", exact ? "equal to" : "NOT");

  free(image);
  free(scores);
  fcn_bytes_free(&spec), fcn_bytes_free(&keys), fcn_bytes_free(&request), fcn_bytes_free(&answer);
  fcn_server_free(server), fcn_client_free(client), fcn_plan_free(plan), fcn_model_free(model);
  return exact ? 0 : 1;
}
