#include "output_guard.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include "../nn/message.h"
#include "../platform/file.h"

namespace fcn::apps {

using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;

namespace {

// What two paths have in common when they are one file.
struct Identity {
  int descriptor = -1;     // that the path names
  bool exists = false;     // then there is `about`
  struct stat about = {};  // of the file; of its folder when there is no file yet
  std::string name;        // in that folder
};

Result<Identity> identify(const std::string& path, int standard) {
  Identity id;
  FCN_ASSIGN_OR_RETURN(const std::string target, platform::follow_links(path));
  id.descriptor = path == "-" ? standard : platform::descriptor_named_by(target);
  if (id.descriptor >= 0) {
    id.exists = ::fstat(id.descriptor, &id.about) == 0;
    return id;
  }
  id.exists = ::stat(target.c_str(), &id.about) == 0;
  if (id.exists) return id;
  const std::size_t slash = target.rfind('/');
  id.name = slash == std::string::npos ? target : target.substr(slash + 1);
  const std::string folder = slash == std::string::npos ? "." : target.substr(0, slash + 1);
  if (::stat(folder.c_str(), &id.about) != 0) id.about.st_ino = 0;
  return id;
}

bool same(const Identity& a, const Identity& b, bool both_outputs) {
  if (both_outputs && a.descriptor >= 0 && a.descriptor == b.descriptor) return true;
  if (a.exists != b.exists || a.about.st_ino != b.about.st_ino || a.about.st_dev != b.about.st_dev)
    return false;
  if (!a.exists) return a.about.st_ino != 0 && a.name == b.name && a.descriptor < 0 && b.descriptor < 0;
  // A terminal is read and written, and so may a pipe be; what two outputs write into one pipe nobody can take apart.
  return S_ISREG(a.about.st_mode) || (both_outputs && !S_ISCHR(a.about.st_mode));
}

}  // namespace

Status refuse_secret_key(const std::string& path) {
  struct stat about;
  if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return {};
  if (platform::descriptor_named_by(path) >= 0) return {};
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    return {platform::StatusCode::kUnavailable,
            concat(path, " is not replaced, because it may be a secret key: it cannot be read: ",
                   std::generic_category().message(errno))};
  }
  std::array<std::uint8_t, 4> front{};
  const ssize_t got = ::read(file, front.data(), front.size());
  ::close(file);
  if (got != static_cast<ssize_t>(front.size()) || front[0] != 'F' || front[1] != 'C' || front[2] != 'N' ||
      front[3] != static_cast<std::uint8_t>(nn::MessageKind::kClientKey))
    return {};
  return invalid_argument(concat(path,
                                 " is a client's secret key, which cannot be made again: it is not "
                                 "replaced; remove it first, or name another file"));
}

Status check_apart(std::span<const NamedFile> outputs, std::span<const NamedFile> inputs) {
  const auto clash = [](const NamedFile& a, const NamedFile& b) {
    const std::string what = a.path == b.path ? a.path == "-" ? "stdout" : a.path
                                              : concat(a.path, " and ", b.path, ", which are one file");
    return invalid_argument(concat(a.flag, " and ", b.flag, " are both ", what, "; each needs its own"));
  };
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].path.empty()) continue;
    FCN_ASSIGN_OR_RETURN(const Identity output, identify(outputs[i].path, STDOUT_FILENO));
    for (const NamedFile& other : outputs.subspan(i + 1)) {
      if (other.path.empty()) continue;
      FCN_ASSIGN_OR_RETURN(const Identity id, identify(other.path, STDOUT_FILENO));
      if (same(output, id, true)) return clash(outputs[i], other);
    }
    for (const NamedFile& input : inputs) {
      if (input.path.empty()) continue;
      FCN_ASSIGN_OR_RETURN(const Identity id, identify(input.path, STDIN_FILENO));
      if (same(output, id, false)) return clash(outputs[i], input);
    }
  }
  return {};
}

}  // namespace fcn::apps
