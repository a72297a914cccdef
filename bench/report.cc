#include "report.h"

#include <cstdio>

namespace mls::bench {

namespace {

std::string Time(double seconds) {
  char text[32];
  if (seconds >= 1) {
    std::snprintf(text, sizeof text, "%.2f s ", seconds);
  } else if (seconds >= 1e-3) {
    std::snprintf(text, sizeof text, "%.2f ms", seconds * 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.2f us", seconds * 1e6);
  }
  return text;
}

std::string Size(std::size_t bytes) {
  char text[32];
  if (bytes == 0) return "-";
  if (bytes < 10'000) {
    std::snprintf(text, sizeof text, "%zu B", bytes);
  } else if (bytes < 10'000'000) {
    std::snprintf(text, sizeof text, "%.1f KB", static_cast<double>(bytes) / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
  }
  return text;
}

// Judged is the ratio that a bar is for. On one thread processor time tells the same as the clock, without
// the noise of what else the machine does.
double Judged(const Step& step) { return step.threads == 1 ? step.figures.cpu_ratio : step.figures.ratio; }

bool IsOver(double value, double bar) { return bar != 0 && value > bar; }

}  // namespace

void Report::Print(std::size_t members) const {
  std::printf("\n%zu members\n", members);
  std::printf("  %-28s %7s %11s %11s %6s %6s %5s %10s %6s %10s\n", "step", "threads", "time", "floor",
              "ratio", "cpu", "runs", "message", "rows", "written");
  for (const Step& step : steps_) {
    if (step.members != members) continue;
    std::printf("  %-28s %7zu %11s %11s %6.2f %5.2f%s %5zu %10s %6zu %10s\n", step.name.c_str(), step.threads,
                Time(step.figures.seconds).c_str(), Time(step.figures.floor_seconds).c_str(),
                step.figures.ratio, step.figures.cpu_ratio, IsOver(Judged(step), step.bar) ? "!" : " ",
                step.figures.runs, Size(step.message).c_str(), step.rows, Size(step.bytes).c_str());
  }
  for (const Amount& amount : amounts_) {
    if (amount.members != members) continue;
    std::printf("  %-48s %11.2f %s%s\n", amount.name.c_str(), amount.value, amount.unit.c_str(),
                IsOver(amount.value, amount.bar) ? " !" : "");
  }
  std::fflush(stdout);
}

std::size_t Report::PrintBars() const {
  std::size_t over = 0;
  for (const Step& step : steps_) {
    if (!IsOver(Judged(step), step.bar)) continue;
    ++over;
    std::printf("over its bar of %.1f: %s, %zu members, %zu threads: %.2f\n", step.bar, step.name.c_str(),
                step.members, step.threads, Judged(step));
  }
  for (const Amount& amount : amounts_) {
    if (!IsOver(amount.value, amount.bar)) continue;
    ++over;
    std::printf("over its bar of %.1f %s: %s, %zu members: %.2f\n", amount.bar, amount.unit.c_str(),
                amount.name.c_str(), amount.members, amount.value);
  }
  return over;
}

bool Report::WriteJson(const std::string& path) const {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  std::fprintf(file, "{\n  \"steps\": [");
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    std::fprintf(
        file,
        "%s\n    {\"name\": \"%s\", \"members\": %zu, \"threads\": %zu, \"seconds\": %.9f, "
        "\"floorSeconds\": %.9f, \"ratio\": %.4f, \"cpuRatio\": %.4f, \"runs\": %zu, \"messageBytes\": %zu, "
        "\"rows\": %zu, \"writtenBytes\": %zu}",
        i == 0 ? "" : ",", step.name.c_str(), step.members, step.threads, step.figures.seconds,
        step.figures.floor_seconds, step.figures.ratio, step.figures.cpu_ratio, step.figures.runs,
        step.message, step.rows, step.bytes);
  }
  std::fprintf(file, "\n  ],\n  \"amounts\": [");
  for (std::size_t i = 0; i < amounts_.size(); ++i) {
    const Amount& amount = amounts_[i];
    std::fprintf(file, "%s\n    {\"name\": \"%s\", \"members\": %zu, \"value\": %.6f, \"unit\": \"%s\"}",
                 i == 0 ? "" : ",", amount.name.c_str(), amount.members, amount.value, amount.unit.c_str());
  }
  std::fprintf(file, "\n  ]\n}\n");
  return std::fclose(file) == 0;
}

}  // namespace mls::bench
