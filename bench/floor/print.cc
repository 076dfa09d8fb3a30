#include "print.h"

#include <cstdio>

namespace bench {
namespace {

void print_body(const Lists& lists) {
  for (const auto& [name, list] : lists) {
    std::printf("%s\"%s\":[", &name == &lists.front().first ? "" : ",", name.c_str());
    for (std::size_t i = 0; i < list.size(); ++i)
      std::printf("%s%lld", i == 0 ? "" : ",", static_cast<long long>(list[i]));
    std::printf("]");
  }
}

}  // namespace

void print_lists(const Lists& lists) {
  std::printf("{");
  print_body(lists);
  std::printf("}\n");
}

void print_times(const std::vector<Times>& times, int64_t wall, const Lists& more) {
  Lists whole = {{"total", {}}, {"firstByte", {}}, {"wall", {wall}}};
  Lists phases;
  for (const char* name : kPhases) phases.push_back({name, {}});
  for (const Times& one : times) {
    whole[0].second.push_back(one.total);
    whole[1].second.push_back(one.first_byte);
    for (std::size_t i = 0; i < kPhases.size(); ++i) phases[i].second.push_back(one.phases[i]);
  }
  whole.insert(whole.end(), more.begin(), more.end());
  std::printf("{");
  print_body(whole);
  std::printf(",\"phases\":{");
  print_body(phases);
  std::printf("}}\n");
}

}  // namespace bench
