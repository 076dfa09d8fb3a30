// What the kernel tells everybody who asks: a descriptor, and the reading of it. Nothing is asked again and again.
//
// Thread: the one that opened it. What is read never waits.
#pragma once

#include <set>
#include <string>

#include "base/failure.h"

namespace slipway {

class News {
 public:
  News() = default;
  virtual ~News() = default;
  News(const News&) = delete;
  News& operator=(const News&) = delete;

  // Opens in the calling thread's network namespace.
  virtual Status open() = 0;
  // Reads what has come since. `told`: what is to be told of it. Where the kernel had more to say than there was room
  // for, that is all that may have been missed. False when nothing more will come.
  virtual bool read(std::set<std::string>& told) = 0;
  // Called a while after a read(): what was the case then and is so still is told. True where there is something that
  // is to be looked at once more.
  virtual bool ripen(std::set<std::string>&) { return false; }
  // For so many milliseconds it is not read after it was; 0: it is read whenever something has come.
  virtual int rest() const { return 0; }
  virtual int fd() const = 0;
};

}  // namespace slipway
