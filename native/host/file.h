// Small files that appear whole or not at all.
#pragma once

#include <string>

#include "base/failure.h"
#include "base/unique_fd.h"

namespace slipway::host {

// A file for create_file(), opened before it is known what will be in it and what it will be called: nobody finds it
// before. It has memory for a first page, and is marked.
UniqueFd open_ahead(const std::string& folder);
// EEXIST when the path is taken: the name is the claim. Missing folders are made.
Status create_file(const std::string& path, const std::string& content, bool marked = false, UniqueFd ahead = {});
// The execute bit of the owner's: what the file tells of has been made to its end. It is kept when the file is
// replaced, so it is set once. No error where there is no file.
Status mark_file(const std::string& path);
bool is_marked(const std::string& path);
// ESTALE when the file does not hold `expected`. Exact across processes: the file is locked (flock, which ends with
// its holder) between the comparison and the exchange. EWOULDBLOCK from flock where another has it; `insisting`, not
// before a second.
Status replace_file(const std::string& path, const std::string& content, const std::string& expected, bool insisting);
// Leaves one that holds something else by now: ESTALE.
Status delete_file_of(const std::string& path, const std::string& expected);
Status delete_file(const std::string& path);
Status read_file(const std::string& path, std::string& content);

}  // namespace slipway::host
