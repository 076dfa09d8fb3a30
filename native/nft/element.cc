#include "nft/element.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cstring>

#include "nft/boundaries.h"
#include "nft/message_type.h"

namespace slipway::nft {
namespace {

constexpr int kDumpTries = 5;

using netlink::Attribute;

Set make_set(const std::string& table, const std::string& name) {
  Set set(must(nftnl_set_alloc()));
  must(nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, table.c_str()));
  must(nftnl_set_set_str(set.get(), NFTNL_SET_NAME, name.c_str()));
  return set;
}

// libnftnl frees the element with the set that it was added to.
nftnl_set_elem* add_element(nftnl_set* set) {
  nftnl_set_elem* element = must(nftnl_set_elem_alloc());
  nftnl_set_elem_add(set, element);
  return element;
}

void put_value(nftnl_set_elem* element, uint16_t attribute, const Value& value) {
  must(nftnl_set_elem_set(element, attribute, value.bytes.data(), value.length));
}

// The element of a key, which is the first of two where the kernel keeps the ends of intervals; null for a key that is
// none of the type.
nftnl_set_elem* put_key(nftnl_set* set, const Type& type, const std::string& text, bool interval) {
  Value first;
  Value last;
  if (!(interval ? parse_range(type, text, first, last) : parse_value(type, text, first))) return nullptr;
  nftnl_set_elem* element = add_element(set);
  put_value(element, NFTNL_SET_ELEM_KEY, first);
  if (!interval) return element;
  if (type.parts.size() > 1) {
    put_value(element, NFTNL_SET_ELEM_KEY_END, last);
  } else if (step_on(last)) {
    nftnl_set_elem* end = add_element(set);
    put_value(end, NFTNL_SET_ELEM_KEY, last);
    nftnl_set_elem_set_u32(end, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
  }
  return element;
}

void put_message(netlink::Batch& batch, netlink::Origin origin, uint16_t type, uint16_t flags,
                 const std::string& family, nftnl_set* set) {
  nlmsghdr* message = begin(batch, origin, type, family_number(family), flags);
  nftnl_set_elems_nlmsg_build_payload(message, set);
  batch.commit_reserved();
}

struct Reader {
  const Type& key;
  const Type& data;
  std::vector<ElementInfo>& out;
  // Where the kernel keeps the ends of intervals, they come here.
  std::vector<Boundary>* boundaries = nullptr;
};

// Keys and data are in a nest, beside which there may be a verdict.
std::string_view read_value(const Attribute& nest) {
  std::string_view value;
  nest.each([&](const Attribute& part) {
    if (part.type() == NFTA_DATA_VALUE) value = part.view();
  });
  return value;
}

void read_element(const Attribute& element, const Reader& reader) {
  ElementInfo info;
  std::string_view key;
  std::string_view key_end;
  std::string_view data;
  uint32_t flags = 0;
  auto count = [&](const Attribute& expression) {
    if (!read_counter(expression, info.packets, info.bytes)) info.conditional = true;
  };
  element.each([&](const Attribute& part) {
    switch (part.type()) {
      case NFTA_SET_ELEM_KEY: key = read_value(part); break;
      case NFTA_SET_ELEM_KEY_END: key_end = read_value(part); break;
      case NFTA_SET_ELEM_DATA: data = read_value(part); break;
      case NFTA_SET_ELEM_FLAGS: flags = ntohl(part.u32()); break;
      case NFTA_SET_ELEM_USERDATA: info.comment = read_comment(NFTNL_UDATA_SET_ELEM_COMMENT, part.view()); break;
      case NFTA_SET_ELEM_EXPR: count(part); break;
      case NFTA_SET_ELEM_EXPRESSIONS: part.each(count); break;
      default: break;
    }
  });
  if (key_end.empty()) key_end = key;
  if (!key.empty())
    info.key = format_range(reader.key, key.data(), key_end.data(), std::min(key.size(), key_end.size()));
  if (!reader.data.parts.empty() && !data.empty()) info.data = format_value(reader.data, data.data(), data.size());
  if (reader.boundaries == nullptr) {
    reader.out.push_back(std::move(info));
    return;
  }
  if (key.size() != reader.key.length()) return;
  Boundary boundary;
  boundary.at.length = reader.key.length();
  std::memcpy(boundary.at.bytes.data(), key.data(), key.size());
  boundary.end = (flags & NFT_SET_ELEM_INTERVAL_END) != 0;
  boundary.info = std::move(info);
  reader.boundaries->push_back(std::move(boundary));
}

Status read_elements(netlink::Socket& socket, nlmsghdr* message, Reader reader) {
  return socket.request(message, [&](netlink::Answer& answer) {
    if (answer.type() == message_type(NFT_MSG_NEWSETELEM))
      read_elements(answer, reader.key, reader.data, reader.out, reader.boundaries);
  });
}

bool keeps_ends(const ElementDelete& which, const Type& key) { return which.interval && key.parts.size() == 1; }

bool parse_types(const ElementDelete& which, Type& key, Type& data) {
  return parse_type(which.type, key) && (which.data_type.empty() || parse_type(which.data_type, data));
}

}  // namespace

void read_elements(netlink::Answer& answer, const Type& key, const Type& data, std::vector<ElementInfo>& elements,
                   std::vector<Boundary>* boundaries) {
  Reader reader{key, data, elements, boundaries};
  answer.each<nfgenmsg>([&](const Attribute& attribute) {
    if (attribute.type() == NFTA_SET_ELEM_LIST_ELEMENTS)
      attribute.each([&](const Attribute& element) { read_element(element, reader); });
  });
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const ElementAdd& op) {
  if (auto failure = check_names("element.add", op.family, {&op.table, &op.set})) return failure;
  Type key;
  Type data;
  bool map = !op.data_type.empty();
  if (!parse_type(op.type, key) || (map && !parse_type(op.data_type, data))) return Failure::of(EINVAL, "element.add");
  for (const auto& item : op.elements) {
    if (auto failure = batch.room("element.add")) return failure;
    Set set = make_set(op.table, op.set);
    nftnl_set_elem* element = put_key(set.get(), key, item.key, op.interval);
    if (element == nullptr) return Failure::of(EINVAL, "element.add", item.key);
    if (map) {
      Value value;
      if (!parse_value(data, item.data, value)) return Failure::of(EINVAL, "element.add", item.data);
      must(nftnl_set_elem_set(element, NFTNL_SET_ELEM_DATA, value.bytes.data(), value.length));
    }
    if (item.packets != 0 || item.bytes != 0)
      nftnl_set_elem_add_expr(element, make_counter(item.packets, item.bytes).release());
    if (!item.comment.empty()) {
      UserData user;
      if (auto failure = put_comment("element.add", user, NFTNL_UDATA_SET_ELEM_COMMENT, item.comment)) return failure;
      must(nftnl_set_elem_set(element, NFTNL_SET_ELEM_USERDATA, user.data(), user.size()));
    }
    put_message(batch, origin, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, op.family, set.get());
    ++origin.part;
  }
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const ElementDelete& op) {
  if (auto failure = check_names("element.delete", op.family, {&op.table, &op.set})) return failure;
  Type key;
  if (!parse_type(op.type, key)) return Failure::of(EINVAL, "element.delete");
  for (const auto& item : op.elements) {
    if (auto failure = batch.room("element.delete")) return failure;
    Set set = make_set(op.table, op.set);
    if (put_key(set.get(), key, item.key, op.interval) == nullptr)
      return Failure::of(EINVAL, "element.delete", item.key);
    put_message(batch, origin, NFT_MSG_DELSETELEM, 0, op.family, set.get());
    ++origin.part;
  }
  return kOk;
}

Status dump_elements(netlink::Socket& socket, const ElementDelete& which, std::vector<ElementInfo>& elements) {
  Type key;
  Type data;
  if (auto failure = check_names("element.dump", which.family, {&which.table, &which.set})) return failure;
  if (!parse_types(which, key, data)) return Failure::of(EINVAL, "element.dump");
  Status status;
  for (int attempt = 0; attempt < kDumpTries; ++attempt) {
    elements.clear();
    std::vector<Boundary> boundaries;
    alignas(nlmsghdr) char buffer[netlink::Batch::kMessageRoom] = {};
    nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETSETELEM, family_number(which.family), NLM_F_DUMP, 0);
    Set set = make_set(which.table, which.set);
    nftnl_set_elems_nlmsg_build_payload(message, set.get());
    status = read_elements(socket, message, {key, data, elements, keeps_ends(which, key) ? &boundaries : nullptr});
    if (!status && keeps_ends(which, key)) elements = pair_boundaries(key, std::move(boundaries));
    if (!status || status->errnum != EINTR) return status;
  }
  return status;
}

// What the kernel gives for a key is the interval around it, whichever that is.
static Status find_interval(netlink::Socket& socket, const ElementDelete& which, ElementInfo& element) {
  std::vector<ElementInfo> all;
  if (auto failure = dump_elements(socket, which, all)) return failure;
  auto found =
      std::find_if(all.begin(), all.end(), [&](const ElementInfo& one) { return one.key == which.elements.at(0).key; });
  if (found == all.end()) return Failure::of(ENOENT, "element.get");
  element = std::move(*found);
  return kOk;
}

Status get_element(netlink::Socket& socket, const ElementDelete& which, ElementInfo& element) {
  Type key;
  Type data;
  if (auto failure = check_names("element.get", which.family, {&which.table, &which.set})) return failure;
  if (!parse_types(which, key, data)) return Failure::of(EINVAL, "element.get");
  if (keeps_ends(which, key)) return find_interval(socket, which, element);
  alignas(nlmsghdr) char buffer[netlink::Batch::kMessageRoom] = {};
  nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETSETELEM, family_number(which.family), NLM_F_ACK, 0);
  Set set = make_set(which.table, which.set);
  if (put_key(set.get(), key, which.elements.at(0).key, which.interval) == nullptr)
    return Failure::of(EINVAL, "element.get");
  nftnl_set_elems_nlmsg_build_payload(message, set.get());
  std::vector<ElementInfo> found;
  if (auto failure = read_elements(socket, message, {key, data, found})) return failure;
  if (found.empty()) return Failure::of(ENOENT, "element.get");
  element = found.front();
  return kOk;
}

}  // namespace slipway::nft
