// Whole files: read with a size limit, written aside and renamed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "status.h"

namespace fcn::platform {

// The whole file. Errors: kUnavailable (cannot open or read), kOutOfRange (longer than max_bytes); each names path.
Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t max_bytes);

enum class FileAccess { kPublic, kOwnerOnly };  // kOwnerOnly: mode 0600 from the first byte on
enum class IfExists { kReplace, kRefuse };      // kRefuse: at no moment can another file be lost
// Where the bytes are until commit(): kNameless is a file without a name, of which nothing is left when the process is
// killed. Where the system has none (other than Linux, some network file systems), and for kNamed, it is a file beside
// the target, "target.PID.0.tmp".
enum class Aside { kNameless, kNamed };

// A file that is written piece by piece and appears at its path whole or not at all: bytes go to a file aside, which is
// flushed to the disk and then renamed; the folder is flushed, too, so that a power cut does not lose the name.
//
//   a link            is followed: the file it points to is replaced, in that file's folder, or made. Links that neither
//                     the user nor root owns are refused: in a folder like /tmp they may be a trap.
//   a mount point     (a file that a container was given) cannot be renamed onto. As a last resort it is written in
//                     place, once all bytes are on the disk aside; only then can a crash or a full disk leave half of it.
//   pipes, devices,   are written directly, piece by piece: nothing could be renamed. So are the names of open
//   /dev/stdout       descriptors (/dev/stdout, /dev/fd/N, /proc/self/fd/N).
class FileWriter {
 public:
  // Errors: kUnavailable naming path and the system's reason (a missing folder, a folder instead of a file);
  // kInvalidArgument when the file exists and must not.
  static Result<FileWriter> create(const std::string& path, FileAccess access,
                                   IfExists if_exists = IfExists::kReplace, Aside aside = Aside::kNameless);
  FileWriter(FileWriter&& other) noexcept;
  FileWriter& operator=(FileWriter&&) = delete;
  // Without commit() nothing is left.
  ~FileWriter();

  // Errors: kUnavailable naming path and the system's reason (a full disk).
  Status write(std::span<const std::uint8_t> bytes);
  // The last call but take_back(). Errors: as for write() and create().
  Status commit();
  // Removes the file that commit() made, if it was made under IfExists::kRefuse and is still there: when a file that
  // belongs to it could not be written.
  void take_back() noexcept;

  // The name of the file aside, for a program that removes it when a signal ends the process; empty when it has none.
  const std::string& aside_name() const noexcept { return aside_; }

 private:
  FileWriter(std::string path, FileAccess access, IfExists if_exists)
      : path_(std::move(path)), target_(path_), access_(access), if_exists_(if_exists) {}
  Status open(Aside aside);
  int open_aside(Aside aside);
  int publish();
  int give_name(bool& published);
  int write_in_place();
  void close_and_remove() noexcept;
  Status unavailable(int reason) const;

  std::string path_;    // as the caller named it
  std::string target_;  // where its links lead
  FileAccess access_;
  IfExists if_exists_;
  bool direct_ = false;
  int descriptor_ = -1;
  std::string aside_;
  bool made_ =
      false;  // by commit(), from nothing; then the descriptor stays open, and nobody gets the file's inode
};

// The descriptor that path names: N for /dev/fd/N and /proc/self/fd/N, 0 to 2 for /dev/stdin, /dev/stdout and
// /dev/stderr; -1 for any other path.
int descriptor_named_by(const std::string& path) noexcept;

// The path that the links at path lead to, whether there is a file or not; path itself where it is no link.
// Errors: kUnavailable (a circle of links, a link that neither the user nor root owns).
Result<std::string> follow_links(const std::string& path);

// A FileWriter for bytes that are all there.
Status write_file(const std::string& path, std::span<const std::uint8_t> bytes,
                  FileAccess access = FileAccess::kPublic);
Status write_file(const std::string& path, const std::string& text, FileAccess access = FileAccess::kPublic);

}  // namespace fcn::platform
