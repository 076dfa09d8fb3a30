#include "js/read_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <type_traits>
#include <utility>

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
  // Takes the next for each field of a struct.
  template <typename Struct>
  void read_into(Struct& into) {
    std::apply([this](auto&... field) { (read(field), ...); }, into.fields());
  }
  std::string text() { return std::string(next()); }
  template <typename Number>
  std::optional<Number> number() {
    std::string_view field = next();
    if (field.empty()) return std::nullopt;
    Number value{};
    auto [stop, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error == std::errc() && stop == field.data() + field.size()) return value;
    good_ = false;
    return std::nullopt;
  }

 private:
  void read(std::string& field) { field = next(); }
  void read(std::optional<std::string>& field) {
    std::string_view text = next();
    if (!text.empty()) field = text;
  }
  template <typename Number>
  requires std::is_integral_v<Number>
  void read(Number& field) { field = number<Number>().value_or(0); }
  template <typename Number>
  requires std::is_integral_v<Number>
  void read(std::optional<Number>& field) { field = number<Number>(); }
  void read(std::optional<bool>& field) {
    std::string_view text = next();
    if (text == "true") field = true;
    else if (text == "false") field = false;
    else if (!text.empty()) good_ = false;
  }
  void read(bool& field) {
    std::optional<bool> given;
    read(given);
    field = given.value_or(false);
  }
  // What has fields of its own begins with how often it is there.
  template <typename Struct>
  requires std::is_class_v<Struct>
  void read(std::optional<Struct>& field) {
    std::vector<Struct> items;
    read(items);
    if (items.size() > 1) good_ = false;
    if (!items.empty()) field = std::move(items.front());
  }
  template <typename Item>
  void read(std::vector<Item>& items) {
    for (uint32_t left = number<uint32_t>().value_or(0); left > 0 && good_; --left) {
      Item& item = items.emplace_back();
      if constexpr (std::is_same_v<Item, std::string>) read(item);
      else read_into(item);
    }
  }

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

constexpr std::size_t kMostOperations = 1 << 18;

struct Reader {
  std::string_view name;
  void (*read)(Fields&, Plan&);
};

template <typename Kind>
void read_operation(Fields& fields, Plan& plan) {
  fields.read_into(std::get<Kind>(plan.emplace_back(std::in_place_type<Kind>)));
}

template <std::size_t... index>
constexpr auto readers_of(std::index_sequence<index...>) {
  return std::array{Reader{std::variant_alternative_t<index, Operation>::kTraits.name,
                           read_operation<std::variant_alternative_t<index, Operation>>}...};
}

// One for each operation.
constexpr auto kReaders = readers_of(std::make_index_sequence<std::variant_size_v<Operation>>());

}  // namespace

std::string read_plan(std::string_view text, Plan& plan) {
  Fields fields(text);
  // For the kernel, a path or a name would end there.
  if (text.find('\0') != std::string_view::npos) return "no field of a plan has a NUL in it";
  auto ends = static_cast<uint64_t>(std::count(text.begin(), text.end(), Fields::kEnd));
  if (fields.number<uint64_t>().value_or(0) != ends)
    return "a field of the plan has the character 0x1f in it: what comes behind it would be read as other fields";
  for (uint32_t count = fields.number<uint32_t>().value_or(0); count > 0; --count) {
    std::string name = fields.text();
    const Reader* found = nullptr;
    for (const auto& reader : kReaders) {
      if (reader.name == name) found = &reader;
    }
    // Each takes more memory than text.
    if (plan.size() == kMostOperations) throw std::length_error("plan");
    if (found == nullptr) return "unknown operation: " + name;
    found->read(fields, plan);
    if (!fields.good())
      return "operation " + std::to_string(plan.size() - 1) + " (" + name + ") is not as it is to be written";
  }
  if (!fields.good()) return "the number of operations is not as it is to be written";
  return fields.at_end() ? std::string() : "the plan's text is longer than the plan";
}

}  // namespace slipway::js
