// How fast a nameserver answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct Answers {
  std::vector<int64_t> one_by_one;  // nanoseconds of each question, when no other is under way
  int64_t count, nanoseconds;       // of those with many under way
};

// Asks `host`:`port` for the address of `name` from a namespace, for so long each way. Ends the program where there is
// no answer.
Answers ask_for(double seconds, const std::string& client_netns, const std::string& host, uint16_t port,
                const std::string& name);

}  // namespace bench
