// SPDX-License-Identifier: Apache-2.0
//
// The functions of libcurl that are used here, loaded with the first request (base/late_library.h).
#include <curl/curl.h>

#include <cstdarg>

#include "base/late_library.h"

#define CONTRAFLOW_LIBRARY "libcurl.so.4"
#define CONTRAFLOW_PACKAGE "libcurl4"

// Macros that check the types of their arguments before they call the functions.
#undef curl_easy_setopt

// Every option's argument is a long, a pointer or a curl_off_t: one machine word (curl/curl.h, CURLOPTTYPE_*).
extern "C" CURLcode curl_easy_setopt(CURL* handle, CURLoption option, ...) {
  static const auto function = reinterpret_cast<decltype(&curl_easy_setopt)>(contraflow::late_function(CONTRAFLOW_LIBRARY, CONTRAFLOW_PACKAGE, "curl_easy_setopt"));
  static_assert(sizeof(void*) == sizeof(long) && sizeof(void*) == sizeof(curl_off_t));
  std::va_list arguments;
  va_start(arguments, option);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return function(handle, option, argument);
}

CONTRAFLOW_FORWARD(void, curl_easy_cleanup, (CURL * curl), (curl))
CONTRAFLOW_FORWARD(CURL*, curl_easy_init, (), ())
CONTRAFLOW_FORWARD(CURLcode, curl_easy_perform, (CURL * curl), (curl))
CONTRAFLOW_FORWARD(const char*, curl_easy_strerror, (CURLcode a0), (a0))
CONTRAFLOW_FORWARD(void, curl_free, (void* p), (p))
CONTRAFLOW_FORWARD(CURLcode, curl_global_init, (long flags), (flags))
CONTRAFLOW_FORWARD(struct curl_slist*, curl_slist_append, (struct curl_slist * list, const char* data), (list, data))
CONTRAFLOW_FORWARD(void, curl_slist_free_all, (struct curl_slist * list), (list))
CONTRAFLOW_FORWARD(CURLU*, curl_url, (), ())
CONTRAFLOW_FORWARD(void, curl_url_cleanup, (CURLU * handle), (handle))
CONTRAFLOW_FORWARD(CURLUcode, curl_url_get, (CURLU * handle, CURLUPart what, char** part, unsigned int flags), (handle, what, part, flags))
CONTRAFLOW_FORWARD(CURLUcode, curl_url_set, (CURLU * handle, CURLUPart what, const char* part, unsigned int flags), (handle, what, part, flags))
