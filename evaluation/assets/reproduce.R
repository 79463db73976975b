# Reproduce the main results of a reader study from its trial CSV, with software that is not this one.
#
#   Rscript reproduce.R trials.csv
#
# Base R alone gives the table, its Wilson intervals and the exact tests against chance. With the package lme4
# installed, a logistic mixed model follows; with MRMCaov, the Obuchowski-Rockette analysis of the ROC areas.

arguments <- commandArgs(trailingOnly = TRUE)
path <- if (length(arguments)) arguments[1] else "trials.csv"
trials <- read.csv(
  path, stringsAsFactors = FALSE, fileEncoding = "UTF-8-BOM", strip.white = TRUE,
  colClasses = c(reader = "character", case = "character", answer = "character")
)

# ---- First readings of the test phase that have an answer ------------------------------------------------------

for (name in c("origin", "answer")) trials[[name]] <- tolower(trials[[name]])
trials$answer[trials$answer %in% "synthetic"] <- "fake"
if ("phase" %in% names(trials)) trials <- trials[!(tolower(trials$phase) %in% c("warmup", "warm_up", "warm-up")), ]
if ("role" %in% names(trials)) trials <- trials[!(trials$role %in% c("check", "repeat")), ]
if ("order" %in% names(trials)) trials <- trials[order(trials$reader, trials$order), ]
trials <- trials[!duplicated(trials[c("reader", "case")]), ]
trials <- trials[trials$answer %in% c("real", "fake"), ]
trials$truth <- as.integer(trials$origin != "real")
trials$correct <- as.integer((trials$answer == "fake") == (trials$truth == 1))

# ---- Table 3: fraction correct, Wilson interval, exact test against 50 % -----------------------------------------

wilson <- function(k, n, level = 0.95) {
  z <- qnorm((1 + level) / 2)
  middle <- (k + z^2 / 2) / (n + z^2)
  half <- z / (n + z^2) * sqrt(k * (n - k) / n + z^2 / 4)
  c(low = if (k == 0) 0 else middle - half, high = if (k == n) 1 else middle + half)
}

row_of <- function(part, reader, origin) {
  k <- sum(part$correct)
  n <- nrow(part)
  limits <- wilson(k, n)
  data.frame(
    reader = reader, origin = origin, n_trials = n, n_correct = k, fraction_correct = k / n,
    ci_low = limits[["low"]], ci_high = limits[["high"]], p_chance = binom.test(k, n, 0.5)$p.value
  )
}

table3 <- do.call(rbind, lapply(unique(trials$reader), function(reader) {
  mine <- trials[trials$reader == reader, ]
  origins <- lapply(unique(mine$origin), function(origin) row_of(mine[mine$origin == origin, ], reader, origin))
  do.call(rbind, c(origins, list(row_of(mine, reader, "all"))))
}))
cat("\nTable 3\n")
print(format(table3, digits = 6), row.names = FALSE)

# ---- Generators compared within each reader, on different panels -------------------------------------------------

generators <- setdiff(sort(unique(trials$origin)), "real")
if (length(generators) > 1) {
  cat("\nGenerators compared within readers (Fisher's exact test)\n")
  for (reader in unique(trials$reader)) {
    part <- trials[trials$reader == reader & trials$origin %in% generators, ]
    if (length(unique(part$origin)) < 2) next
    found <- fisher.test(table(factor(part$correct, 0:1), part$origin))
    cat(sprintf("%s: p = %.4f\n", reader, found$p.value))
  }
}

# ---- Readers and cases as random: logistic mixed model -----------------------------------------------------------

if (requireNamespace("lme4", quietly = TRUE) && length(unique(trials$reader)) > 1) {
  cat("\nCorrect answers, logistic mixed model with random readers and cases (lme4)\n")
  origins <- unique(trials$origin)
  trials$origin <- factor(trials$origin, levels = c(intersect("real", origins), sort(setdiff(origins, "real"))))
  fixed <- if (length(origins) > 1) "correct ~ origin" else "correct ~ 1"
  formula <- as.formula(paste(fixed, "+ (1 | reader) + (1 | case)"))
  model <- tryCatch(lme4::glmer(formula, data = trials, family = binomial), error = conditionMessage)
  if (is.character(model)) cat("not fitted:", model, "\n") else print(summary(model)$coefficients)
} else {
  cat("\nThe mixed model needs the package lme4 and two or more readers; left out.\n")
}

# ---- ROC areas: Obuchowski-Rockette, reals shared by the generators, fakes not -----------------------------------

has_confidence <- "confidence" %in% names(trials) && !anyNA(suppressWarnings(as.numeric(trials$confidence)))
if (requireNamespace("MRMCaov", quietly = TRUE) && has_confidence && length(generators) > 1) {
  confidence <- as.numeric(trials$confidence)
  confidence <- confidence + 1 - min(1, confidence) # levels that begin at 0 are counted from 1
  k <- max(confidence)
  trials$score <- ifelse(trials$answer == "fake", k + confidence, k + 1 - confidence)
  long <- do.call(rbind, lapply(generators, function(generator) {
    part <- trials[trials$origin %in% c("real", generator), ]
    part$generator <- generator
    part
  }))
  suppressPackageStartupMessages(library(MRMCaov))
  cat("\nArea under the ROC curve, Obuchowski-Rockette with jackknife covariances (MRMCaov)\n")
  print(summary(mrmc(empirical_auc(truth, score), generator, reader, case, data = long, cov = jackknife)))
} else {
  cat("\nThe ROC analysis needs the package MRMCaov, a confidence with every answer and two generators; left out.\n")
}
