// Bytes that grow, up to a bound. The program is static and small: it has libc, and no libstdc++.
#pragma once

#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace slipway::cni {

// string_view::substr() may throw, which is libstdc++'s. Of a text that is shorter, these are empty and all of it.
constexpr std::string_view after(std::string_view text, size_t count) {
  text.remove_prefix(count < text.size() ? count : text.size());
  return text;
}
constexpr std::string_view first(std::string_view text, size_t count) {
  return {text.data(), count < text.size() ? count : text.size()};
}

class Bytes {
 public:
  Bytes() = default;
  Bytes(Bytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        room_(std::exchange(other.room_, 0)) {}
  Bytes& operator=(Bytes&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
    return *this;
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { free(data_); }

  std::string_view view() const { return {data_, size_}; }
  size_t size() const { return size_; }

  // Room for so many bytes more, for who writes them there and then says how many they are.
  char* reserve(size_t more) {
    if (size_ + more > room_) {
      room_ = (size_ + more) * 2;
      data_ = static_cast<char*>(realloc(data_, room_));
      if (data_ == nullptr) abort();
    }
    return data_ + size_;
  }
  void grow(size_t by) { size_ += by; }

  Bytes& add(std::string_view text) {
    if (!text.empty()) memcpy(reserve(text.size()), text.data(), text.size());
    size_ += text.size();
    return *this;
  }
  Bytes& add(char one) { return add(std::string_view(&one, 1)); }
  Bytes& number(unsigned long value) {
    char digits[24];
    char* end = digits + sizeof digits;
    char* at = end;
    do {
      *--at = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value > 0);
    return add(std::string_view(at, static_cast<size_t>(end - at)));
  }
  // As text that ends with a zero, which is no part of it.
  const char* text() {
    *reserve(1) = '\0';
    return data_;
  }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t room_ = 0;
};

}  // namespace slipway::cni
