// fcn-mnist: handwritten digits classified while encrypted.
#include "commands.h"

int main(int count, char** words) {
  using namespace fcn::apps;
  return run_program(
      {.name = "fcn-mnist",
       .commands =
           {
               {"demo", run_demo,
                "classify encrypted digits that the program draws, or images of yours (the default)"},
               {"eval", run_eval,
                "run MNIST test images encrypted and compare each with the integer network"},
               {"inspect", run_inspect, "show a model: layers, weights, ranges, operations"},
               {"table", run_table,
                "run every system of the paper's table and print its row beside the measured one"},
               {"train", run_train, "train a network on MNIST and write it as a model file"},
               {"activation", run_activation,
                "find the best polynomial with power-of-two coefficients for a function"},
           },
       .notes = ". Exit codes: 0 success, 1 an encrypted\n"
                "result differed from the integer network, 2 bad input or usage.",
       .has_default = true},
      count, words);
}
