// SPDX-License-Identifier: Apache-2.0
#include "report/html_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "base/text.h"
#include "report/html_text.h"
#include "report/rehearsal_text.h"

namespace contraflow::report {
namespace {

using effects::LockMode;
using namespace rehearse;

constexpr double kWidth = 1000, kLeft = 8, kLane = 46, kTop = 26;

struct Bar {
  double begin = 0, length = 0;
  LockMode mode = LockMode::none;
  std::string what;  // read out
};

// Patterns and colours of the modes that matter; weaker ones share the last.
int pattern_of(LockMode mode) {
  if (mode == LockMode::access_exclusive) return 8;
  if (mode == LockMode::exclusive) return 7;
  if (mode == LockMode::share_row_exclusive) return 6;
  if (mode == LockMode::share) return 5;
  if (mode == LockMode::share_update_exclusive) return 4;
  return 3;
}

std::string patterns() {
  std::string out =
      "<svg width=\"0\" height=\"0\" aria-hidden=\"true\" focusable=\"false\" class=\"defs\"><defs>";
  const auto pattern = [&](int number, const std::string& marks) {
    out += fmt::format(
        "<pattern id=\"p{0}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect width=\"8\" "
        "height=\"8\" class=\"fill{0}\"/>{1}</pattern>",
        number, marks);
  };
  pattern(8, "<path d=\"M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4\" class=\"mark\" stroke-width=\"2\"/>");
  pattern(7, "<path d=\"M0,0 l8,8 M0,8 l8,-8\" class=\"mark\" stroke-width=\"1.2\"/>");
  pattern(6,
          "<circle cx=\"2\" cy=\"2\" r=\"1.3\" class=\"dot\"/><circle cx=\"6\" cy=\"6\" r=\"1.3\" "
          "class=\"dot\"/>");
  pattern(5, "<path d=\"M0,2 h8 M0,6 h8\" class=\"mark\" stroke-width=\"1.2\"/>");
  pattern(4, "<path d=\"M2,0 v8\" class=\"mark\" stroke-width=\"1\"/>");
  pattern(3, "");
  return out + "</defs></svg>";
}

// Round numbers for an axis: about five ticks.
double tick_of(double span) {
  const double raw = span / 5, power = std::pow(10, std::floor(std::log10(std::max(raw, 1e-6))));
  for (const double factor : {1.0, 2.0, 5.0, 10.0})
    if (raw <= factor * power) return factor * power;
  return 10 * power;
}

std::string axis(double span, double height, const std::function<double(double)>& x) {
  std::string out;
  const double tick = tick_of(span);
  for (double at = 0; at <= span * 1.0001; at += tick)
    // A label beside the last line would run out of the picture: it stands before it.
    out += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2:.0f}\" class=\"grid\"/><text x=\"{3:.1f}\" "
        "y=\"14\" class=\"tick\"{4}>{5}</text>",
        x(at), kTop - 6, height, at > span * 0.93 ? x(at) - 3 : x(at) + 3,
        at > span * 0.93 ? " text-anchor=\"end\"" : "", duration_text(at));
  return out;
}

}  // namespace

std::string lock_chart(const review::Review& review) {
  std::map<sql::QualifiedName, std::vector<Bar>> lanes;
  double clock = 0, end = 1;
  for (const Observation& step : review.rehearsal.steps) {
    for (const HeldLock& lock : step.locks) {
      if (lock.mode < LockMode::share_update_exclusive) continue;
      const double length = std::max(lock.held_ms, step.duration_ms);
      lanes[lock.relation].push_back(
          {clock, length, lock.mode,
           fmt::format("{} on {} for {}: {}{}", effects::lock_name(lock.mode), sql::quote(lock.relation),
                       duration_text(lock.held_ms), step.title,
                       lock.implied ? " (does not name the table)" : "")});
      end = std::max(end, clock + length);
    }
    clock += step.duration_ms;
    end = std::max(end, clock);
  }
  if (lanes.empty()) return "<p>No table that was there before was locked beyond ROW EXCLUSIVE.</p>";
  const auto x = [&](double at) { return kLeft + at / end * (kWidth - 2 * kLeft); };
  const double height = kTop + kLane * static_cast<double>(lanes.size()) + 6;
  std::string out = patterns();
  out += "<div class=\"legend\" aria-hidden=\"true\">";
  for (const auto& [mode, text] :
       {std::pair(LockMode::access_exclusive, "ACCESS EXCLUSIVE: no reads, no writes"),
        std::pair(LockMode::share_row_exclusive, "SHARE ROW EXCLUSIVE: no writes"),
        std::pair(LockMode::share, "SHARE: no writes"),
        std::pair(LockMode::share_update_exclusive, "SHARE UPDATE EXCLUSIVE: no DDL, no vacuum")})
    out += fmt::format(
        "<span><svg width=\"22\" height=\"14\" aria-hidden=\"true\"><rect width=\"22\" height=\"14\" "
        "fill=\"url(#p{})\"/></svg> {}</span>",
        pattern_of(mode), text);
  out += "</div>";
  out += fmt::format(
      "<div class=\"scroll chart\" tabindex=\"0\" role=\"region\" aria-label=\"Locks over time\"><svg "
      "viewBox=\"0 0 {} {:.0f}\" role=\"group\" aria-label=\"Locks over time, a lane a table\" "
      "class=\"locks\">",
      kWidth, height);
  out += axis(end, height, x);
  double y = kTop;
  for (const auto& [table, bars] : lanes) {
    out += fmt::format("<text x=\"{}\" y=\"{:.0f}\" class=\"lane\">{}</text>", kLeft, y + 13,
                       escaped(sql::quote(table)));
    for (const Bar& bar : bars) {
      const double left = x(bar.begin), width = std::max(5.0, x(bar.begin + bar.length) - left);
      out += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"20\" rx=\"3\" fill=\"url(#p{})\" "
          "class=\"bar\" tabindex=\"0\" role=\"img\" aria-label=\"{}\" data-tip=\"{}\"/>",
          std::min(left, kWidth - 10), y + 19, width, pattern_of(bar.mode), escaped(bar.what),
          escaped(bar.what));
    }
    y += kLane;
  }
  return out +
         "</svg></div><p class=\"hint\">Point at a bar, or move to it with the Tab key, to see the statement "
         "and how long the lock was held.</p>";
}

std::string stall_chart(const TrafficRun& run, double budget_ms) {
  double longest = budget_ms * 1.2, end = 1;
  for (const StallPoint& point : run.points) {
    longest = std::max(longest, point.stall_ms);
    end = std::max(end, point.at_ms);
  }
  for (const TrafficRun::Mark& mark : run.marks) end = std::max(end, mark.to_ms);
  constexpr double kHeight = 260, kBottom = 250;
  const auto x = [&](double at) { return kLeft + at / end * (kWidth - 2 * kLeft); };
  const auto y = [&](double ms) { return kBottom - ms / longest * (kBottom - kTop - 4); };
  const std::string summary =
      fmt::format("{}: {} queries, {} failed, longest {}, 99 % within {}",
                  run.how == "naive"        ? "The same statements without care"
                  : run.how == "as written" ? "As it is written"
                                            : "By the executor: " + run.how,
                  run.executed, run.failed, duration_text(run.longest_ms), duration_text(run.p99_ms));
  std::string out = fmt::format(
      "<figure><figcaption>{}</figcaption><div class=\"scroll chart\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"Stalls, {}\"><svg viewBox=\"0 0 {} {}\" role=\"group\" aria-label=\"How long queries "
      "took\" class=\"stalls\">",
      escaped(summary), escaped(run.how), kWidth, kHeight);
  for (const TrafficRun::Mark& mark : run.marks)
    out += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{:.0f}\" class=\"during\" tabindex=\"0\" "
        "role=\"img\" aria-label=\"{}\" data-tip=\"{}\"/>",
        x(mark.from_ms), kTop, std::max(2.0, x(mark.to_ms) - x(mark.from_ms)), kBottom - kTop,
        escaped("while: " + mark.title), escaped(mark.title));
  out += axis(end, kBottom, x);
  out += fmt::format(
      "<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" class=\"budget\"/><text x=\"{3}\" "
      "y=\"{4:.1f}\" class=\"tick\" text-anchor=\"end\">budget {5}</text>",
      kLeft, kWidth - kLeft, y(budget_ms), kWidth - kLeft, y(budget_ms) - 4, duration_text(budget_ms));
  std::string path;
  for (const StallPoint& point : run.points)
    path += fmt::format("M{0:.1f},{1} V{2:.1f}", x(point.at_ms), kBottom, y(point.stall_ms));
  out += fmt::format("<path d=\"{}\" class=\"stall\"/>", path);
  for (const StallPoint& point : run.points) {
    if (point.stall_ms <= budget_ms) continue;
    const std::string what = fmt::format("{} took {} at {}", point.query, duration_text(point.stall_ms),
                                         duration_text(point.at_ms));
    out += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" class=\"over\" tabindex=\"0\" role=\"img\" "
        "aria-label=\"{}\" data-tip=\"{}\"/>",
        x(point.at_ms), y(point.stall_ms), escaped(what), escaped(what));
  }
  out += "</svg></div>";
  if (!run.queries.empty()) {
    out +=
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Queries of the "
        "traffic\"><table><thead><tr><th scope=\"col\">query</th><th scope=\"col\">runs</th><th "
        "scope=\"col\">failed</th><th scope=\"col\">longest</th><th "
        "scope=\"col\">p99</th></tr></thead><tbody>";
    for (const TrafficQuery& query : run.queries)
      out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                         escaped(query.name), query.executed, query.failed,
                         query.error.empty() ? "" : " <small>" + escaped(query.error) + "</small>",
                         duration_text(query.longest_ms), duration_text(query.p99_ms));
    out += "</tbody></table></div>";
  }
  return out + "</figure>";
}

}  // namespace contraflow::report
