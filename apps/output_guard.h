// What an output must not destroy: a client's secret key, and the other files of the same command.
#pragma once

#include <span>
#include <string>

#include "../platform/status.h"

namespace fcn::apps {

// Errors: kInvalidArgument when path, or where its links lead, is a file with a client's secret key, which nothing can
// make again; kUnavailable when that cannot be told.
platform::Status refuse_secret_key(const std::string& path);

struct NamedFile {
  const char* flag;  // "--out"
  std::string path;  // "-": stdin or stdout; empty: none
};
// Errors: kInvalidArgument when an output is the same file as another output or as an input: by its name, by a link of
// either kind, or as the descriptor that a shell has opened.
platform::Status check_apart(std::span<const NamedFile> outputs, std::span<const NamedFile> inputs);

}  // namespace fcn::apps
