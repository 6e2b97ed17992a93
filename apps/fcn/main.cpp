// fcn: encrypted inference between two parties, a process for each step.
#include <csignal>

#include "../remove_on_signal.h"
#include "commands.h"

int main(int count, char** words) {
  using namespace fcn::apps;
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe or socket is an error like any other
  remove_files_on_signals();
  return run_program(
      {.name = "fcn",
       .commands =
           {
               {"spec", run_spec, "server: what clients must know of a model, and nothing of its weights"},
               {"keygen", run_keygen, "client: a secret key, and evaluation keys for the server"},
               {"encrypt", run_encrypt, "client: pictures or numbers to encrypted requests"},
               {"infer", run_infer, "server: encrypted requests to encrypted answers"},
               {"decrypt", run_decrypt, "client: encrypted answers to scores"},
               {"inspect", run_inspect_file, "what is in a file, but no secret"},
               {"serve", run_serve, "server: infer for clients over TCP or a Unix socket"},
               {"query", run_query, "client: encrypt, ask such a server, decrypt"},
           },
       .notes = "; as a file name, - is stdin or stdout. Exit codes:\n"
                "0 success, 2 bad input or usage."},
      count, words);
}
