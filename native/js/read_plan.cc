#include "js/read_plan.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "rtnl/address_text.h"

namespace slipway::js {
namespace {

// Takes one field after the other. What is not as lib/plan/wire.ts writes it is remembered, and the plan is refused: a
// number that is cut off or taken for none would be another plan.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  static constexpr char kEnd = '\x1f';

  bool at_end() const { return rest_.empty(); }
  bool good() const { return good_; }
  std::string text() { return std::string(next()); }
  std::optional<std::string> maybe() {
    std::string_view field = next();
    return field.empty() ? std::nullopt : std::optional<std::string>(field);
  }
  template <typename Number = uint32_t>
  std::optional<Number> number() {
    std::string_view field = next();
    if (field.empty()) return std::nullopt;
    Number value{};
    auto [stop, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error == std::errc() && stop == field.data() + field.size()) return value;
    good_ = false;
    return std::nullopt;
  }
  uint64_t whole() { return number<uint64_t>().value_or(0); }
  std::optional<bool> flag() {
    auto value = number();
    if (value && *value > 1) good_ = false;
    return value ? std::optional<bool>(*value != 0) : std::nullopt;
  }
  bool is() { return flag().value_or(false); }
  uint16_t port() { return number<uint16_t>().value_or(0); }
  uint8_t family() { return number<uint8_t>().value_or(0); }
  // "172.17.0.2/16" in its two halves
  std::string address(uint8_t& prefix) {
    std::string whole = text();
    rtnl::IpAddress ip;
    if (!rtnl::parse_cidr(whole, ip, prefix)) good_ = false;
    return whole.substr(0, whole.find('/'));
  }
  // A list begins with its length.
  template <typename Item, typename Read>
  std::vector<Item> list(const Read& read) {
    std::vector<Item> items;
    for (uint32_t left = number().value_or(0); left > 0 && good_; --left) items.push_back(read(*this));
    return items;
  }

 private:
  // Every field has an end, the last one too.
  std::string_view next() {
    std::size_t end = rest_.find(kEnd);
    if (end == std::string_view::npos) {
      good_ = false;
      return {};
    }
    std::string_view field = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return field;
  }

  std::string_view rest_;
  bool good_ = true;
};

// The order of evaluation inside braces is left to right, as the fields come ([dcl.init.list]).

std::optional<VethPeer> read_peer(Fields& op) {
  bool given = op.is();
  VethPeer peer{op.text(), op.text(), op.text()};
  return given ? std::optional<VethPeer>(std::move(peer)) : std::nullopt;
}

Statement read_statement(Fields& op) {
  return Statement{op.list<std::string>([](Fields& from) { return from.text(); }),
                   op.text(),
                   op.text(),
                   op.text(),
                   op.is(),
                   op.is(),
                   op.text(),
                   op.text(),
                   op.is(),
                   op.text()};
}

Element read_element(Fields& op) { return Element{op.text(), op.text(), op.text()}; }

AddressAdd read_address_add(Fields& op) {
  AddressAdd add{op.text(), op.text(), {}, {}, 0};
  add.address = op.address(add.prefix);
  add.broadcast = op.text();
  return add;
}

AddressDelete read_address_delete(Fields& op) {
  AddressDelete remove{op.text(), op.text(), {}, {}, 0};
  remove.address = op.address(remove.prefix);
  remove.broadcast = op.text();
  remove.optional = op.is();
  return remove;
}

SetAdd read_set_add(Fields& op) {
  SetAdd set{op.text(), op.text(), op.text(), {}, op.text(), op.text(), op.is(), op.is()};
  set.comment = op.text();
  return set;
}

ElementAdd read_element_add(Fields& op) {
  return ElementAdd{op.text(), op.text(), op.text(), op.text(), op.text(), op.is(), op.list<Element>(read_element)};
}

ElementDelete read_element_delete(Fields& op) {
  return ElementDelete{op.text(), op.text(), op.text(), op.text(), op.text(), op.is(), op.list<Element>(read_element),
                       op.is()};
}

constexpr std::size_t kMostOperations = 1 << 18;

struct Reader {
  std::string_view name;
  Operation (*read)(Fields&);
};

// A table.
// clang-format off
constexpr Reader kReaders[] = {
    {"netns.create", [](Fields& op) -> Operation { return NetnsCreate{op.text(), op.text()}; }},
    {"netns.bind",
     [](Fields& op) -> Operation {
       NetnsBind bind;
       bind.path = op.text();
       bind.from = op.text();
       return bind;
     }},
    {"netns.delete", [](Fields& op) -> Operation { return NetnsDelete{op.text(), op.whole(), op.whole()}; }},
    {"netns.check", [](Fields& op) -> Operation { return NetnsCheck{op.text(), op.whole(), op.whole(), op.is()}; }},
    {"link.create",
     [](Fields& op) -> Operation {
       return LinkCreate{op.text(),   op.text(),   op.text(),   op.text(), op.text(),
                         op.number(), op.number(), op.number(), op.text(), op.text(), op.text(), op.number<uint16_t>(),
                         read_peer(op), op.flag(), op.flag()};
     }},
    {"link.set",
     [](Fields& op) -> Operation {
       return LinkSet{op.text(), op.text(),   op.flag(),  op.flag(), op.flag(),
                      op.flag(), op.number(), op.number(), op.maybe(), op.text(), op.is(), op.is(),
                      op.flag(), op.number(), op.number(), op.number()};
     }},
    {"link.check", [](Fields& op) -> Operation { return LinkCheck{op.text(), op.number().value_or(0)}; }},
    {"link.settle", [](Fields& op) -> Operation { return LinkSettle{op.text(), op.text()}; }},
    {"link.delete", [](Fields& op) -> Operation { return LinkDelete{op.text(), op.text(), op.number<int>().value_or(0)}; }},
    {"link.deleteGroup", [](Fields& op) -> Operation { return LinkDeleteGroup{op.text(), op.number().value_or(0)}; }},
    {"address.add", [](Fields& op) -> Operation { return read_address_add(op); }},
    {"address.delete", [](Fields& op) -> Operation { return read_address_delete(op); }},
    {"route.add",
     [](Fields& op) -> Operation { return RouteAdd{op.text(), op.text(), op.text(), op.text(), op.family(), op.is()}; }},
    {"route.delete",
     [](Fields& op) -> Operation { return RouteDelete{op.text(), op.text(), op.text(), op.text(), op.family(), op.is()}; }},
    {"neighbor.add",
     [](Fields& op) -> Operation { return NeighborAdd{op.text(), op.text(), op.text(), op.text(), op.is()}; }},
    {"neighbor.delete", [](Fields& op) -> Operation { return NeighborDelete{op.text(), op.text(), op.text(), op.is(), op.is()}; }},
    {"neighbor.announce", [](Fields& op) -> Operation { return NeighborAnnounce{op.text(), op.text(), op.text()}; }},
    {"fdb.add", [](Fields& op) -> Operation { return FdbAdd{op.text(), op.text(), op.is()}; }},
    {"sysctl.write", [](Fields& op) -> Operation { return SysctlWrite{op.text(), op.text(), op.text()}; }},
    {"file.create", [](Fields& op) -> Operation { return FileCreate{op.text(), op.text(), op.text()}; }},
    {"file.replace", [](Fields& op) -> Operation { return FileReplace{op.text(), op.text(), op.text()}; }},
    {"file.check", [](Fields& op) -> Operation { return FileCheck{op.text(), op.text()}; }},
    {"file.mark", [](Fields& op) -> Operation { return FileMark{op.text()}; }},
    {"file.delete", [](Fields& op) -> Operation { return FileDelete{op.text(), {}}; }},
    {"port.hold", [](Fields& op) -> Operation { return PortHold{op.text(), op.text(), op.port(), op.is(), op.text()}; }},
    {"port.release", [](Fields& op) -> Operation { return PortRelease{op.text(), op.text(), op.port()}; }},
    {"conntrack.flush",
     [](Fields& op) -> Operation {
       return ConntrackFlush{op.list<std::string>([](Fields& from) { return from.text(); }),
                             op.list<LeadingPort>([](Fields& from) { return LeadingPort{from.text(), from.port(), from.port()}; })};
     }},
    {"table.add", [](Fields& op) -> Operation { return TableAdd{op.text(), op.text(), op.text()}; }},
    {"table.delete", [](Fields& op) -> Operation { return TableDelete{op.text(), op.text()}; }},
    {"chain.add",
     [](Fields& op) -> Operation {
       return ChainAdd{op.text(), op.text(), op.text(), op.text(),
                       op.text(), op.text(), op.text(), op.number<int32_t>().value_or(0)};
     }},
    {"chain.flush", [](Fields& op) -> Operation { return ChainFlush{op.text(), op.text(), op.text()}; }},
    {"chain.delete", [](Fields& op) -> Operation { return ChainDelete{op.text(), op.text(), op.text()}; }},
    {"rule.add",
     [](Fields& op) -> Operation {
       return RuleAdd{op.text(), op.text(), op.text(), op.text(), op.list<Statement>(read_statement)};
     }},
    {"set.add", [](Fields& op) -> Operation { return read_set_add(op); }},
    {"set.delete", [](Fields& op) -> Operation { return SetDelete{op.text(), op.text(), op.text()}; }},
    {"element.add", [](Fields& op) -> Operation { return read_element_add(op); }},
    {"element.delete", [](Fields& op) -> Operation { return read_element_delete(op); }},
};
// clang-format on

}  // namespace

std::string read_plan(std::string_view text, Plan& plan) {
  Fields fields(text);
  // For the kernel, a path or a name would end there.
  if (text.find('\0') != std::string_view::npos) return "no field of a plan has a NUL in it";
  auto ends = static_cast<uint64_t>(std::count(text.begin(), text.end(), Fields::kEnd));
  if (fields.whole() != ends)
    return "a field of the plan has the character 0x1f in it: what comes behind it would be read as other fields";
  for (uint32_t count = fields.number().value_or(0); count > 0; --count) {
    std::string name = fields.text();
    const Reader* found = nullptr;
    for (const auto& reader : kReaders) {
      if (reader.name == name) found = &reader;
    }
    // Each takes more memory than text.
    if (plan.size() == kMostOperations) throw std::length_error("plan");
    if (found == nullptr) return "unknown operation: " + name;
    plan.push_back(found->read(fields));
    if (!fields.good())
      return "operation " + std::to_string(plan.size() - 1) + " (" + name + ") is not as it is to be written";
  }
  if (!fields.good()) return "the number of operations is not as it is to be written";
  return fields.at_end() ? std::string() : "the plan's text is longer than the plan";
}

}  // namespace slipway::js
