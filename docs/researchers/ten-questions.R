# The ten questions of docs/researchers.md in R (4.0 or later), without any package: SPARQL over HTTP, answers as CSV.
#
#   Rscript ten-questions.R
#
# writes question-1.csv to question-10.csv and the pictures ten-questions.pdf into the working directory. Its locale must
# be one of UTF-8.

url <- "http://127.0.0.1:8000"

# All answers are of the version that is current now, also when another one becomes current meanwhile.
ready <- paste(readLines(paste0(url, "/health/ready"), warn = FALSE), collapse = "")
version <- sub('.*"version":"([0-9a-f]{16})".*', "\\1", ready)
stopifnot("the service names no version" = grepl("^[0-9a-f]{16}$", version))
pinned <- paste0(url, "/version/", version)

# Everything is read as text, because UN targets are codes: 8.10 is not 8.1. Columns of numbers are converted by name.
# download.file() only warns when a body breaks off, so that warnings are errors here.
options(warn = 2)
read_rows <- function(address, numbers) {
  file <- tempfile(fileext = ".csv")
  on.exit(unlink(file))
  download.file(address, file, quiet = TRUE, mode = "wb")
  rows <- read.csv(file, colClasses = "character", na.strings = "", check.names = FALSE, encoding = "UTF-8")
  for (name in intersect(numbers, names(rows))) rows[[name]] <- as.numeric(rows[[name]])
  rows
}

encoded <- function(text) URLencode(enc2utf8(text), reserved = TRUE)

query <- function(name, ..., numbers = character()) {
  given <- list(...)
  pairs <- paste0(names(given), "=", vapply(given, function(value) encoded(as.character(value)), ""))
  read_rows(paste0(pinned, "/queries/", name, ".csv", if (length(given)) "?", paste(pairs, collapse = "&")), numbers)
}

sparql <- function(text, numbers = character()) {
  read_rows(paste0(pinned, "/sparql?format=csv&query=", encoded(text)), numbers)
}

answer <- function(number, rows) {
  write.csv(rows, sprintf("question-%d.csv", number), row.names = FALSE, na = "", fileEncoding = "UTF-8")
  cat(sprintf("%2d: %d rows\n", number, nrow(rows)))
  rows
}

# 1. What reaches each UN target?
counts <- c(
  "perspectives", "perspectivesPrinted", "plans", "plansPrimary", "goals", "commitments", "figures",
  "goalsInterpreted", "measuresInterpreted", "commitmentsInterpreted"
)
question_1 <- answer(1, query("compare-municipalities", areas = "5001", lang = "en", numbers = counts))

# 2. Which national indicators measure a target that no plan serves?
question_2 <- answer(2, sparql(r"---(
PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX sdgo: <http://metadata.un.org/sdg/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT DISTINCT ?code ?indicator ?list
WHERE {
  ?indicator a sdgo:Indicator ; skos:inScheme ?list ; (skos:exactMatch|skos:closeMatch)?/sdgo:isIndicatorOf ?target .
  FILTER (?list != <http://metadata.un.org/sdg>)
  ?target a sdgo:Target ; skos:notation ?notation .
  BIND (STR(?notation) AS ?code)
  FILTER NOT EXISTS { ?plan a plan:Plan ; plan:respondsTo/plan:relatesToTarget ?target }
}
ORDER BY ?code ?indicator ?list
)---"))

# 3. Does a printed figure agree with the statistics?
question_3 <- answer(3, query("figures-and-statistics",
  status = "tied", assume = "document", tolerance = 1, lang = "en", numbers = c("value", "seriesValue", "difference")
))
print(table(question_3$agreement, useNA = "ifany"))

# 4. What became of a promise?
question_4 <- answer(4, query("promise-to-decision", lang = "en"))

# 5. Which goals have targets without a measure?
question_5 <- answer(5, sparql(r"---(
PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX sdgo: <http://metadata.un.org/sdg/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT DISTINCT ?goal ?code ?basis
WHERE {
  {
    ?topic plan:topicOf ?thing ; plan:namesPerspective/plan:relatesToTarget ?target .
    BIND ("stated" AS ?basis)
  } UNION {
    ?reading plan:linkFrom ?thing ; plan:linkTo ?target .
    BIND ("interpreted" AS ?basis)
  }
  ?thing a plan:CommunityGoal ; plan:number ?goal .
  ?target a sdgo:Target ; skos:notation ?notation .
  BIND (STR(?notation) AS ?code)
  FILTER NOT EXISTS { ?link plan:linkTo ?target ; plan:linkFrom ?measure . ?measure a plan:Measure }
}
ORDER BY ?goal ?basis ?code
)---"))

# 6. When are decisions made, and when do plans start?
question_6 <- answer(6, sparql(r"---(
PREFIX eli-dl: <http://data.europa.eu/eli/eli-draft-legislation-ontology#>
PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?year (COUNT(DISTINCT ?decision) AS ?decisions) (COUNT(DISTINCT ?adoption) AS ?adoptions) (COUNT(DISTINCT ?plan) AS ?plans)
WHERE {
  {
    ?decision a plan:Decision ; eli-dl:activity_date|plan:decisionPeriod ?when .
  } UNION {
    ?adoption a plan:Decision ; plan:decisionType/skos:notation "adoption" ; eli-dl:activity_date|plan:decisionPeriod ?when .
  } UNION {
    ?plan a plan:Plan ; plan:startYear ?when .
  }
  BIND (SUBSTR(STR(?when), 1, 4) AS ?year)
}
GROUP BY ?year
ORDER BY ?year
)---", numbers = c("year", "decisions", "adoptions", "plans")))

# 7. Which commitments can be measured?
question_7 <- answer(7, sparql(r"---(
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?commitment ?value ?unit ?bound ?deadline ?start ?duration ?baseline
WHERE {
  ?commitment a plan:Commitment ; plan:aimValue ?value ; plan:position ?order ; dcterms:isPartOf/dcterms:isPartOf? ?area .
  ?area a plan:PolicyArea ; plan:position ?areaOrder .
  OPTIONAL { ?commitment plan:aimUnit/rdfs:label ?unit FILTER (LANG(?unit) = "nb") }
  OPTIONAL { ?commitment plan:valueQualifier/skos:notation ?bound }
  OPTIONAL { ?commitment plan:deadline ?deadline }
  OPTIONAL { ?commitment plan:plannedStart ?start }
  OPTIONAL { ?commitment plan:aimDuration ?duration }
  OPTIONAL { ?commitment plan:baselineYear ?baseline }
}
ORDER BY ?areaOrder ?order ?bound
)---", numbers = c("value", "deadline", "baseline")))

# 8. What do plans and U4SSC share?
question_8 <- answer(8, sparql(r"---(
PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX sdgo: <http://metadata.un.org/sdg/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?code (COUNT(DISTINCT ?indicator) AS ?indicators) (COUNT(DISTINCT ?perspective) AS ?perspectives) (COUNT(DISTINCT ?plan) AS ?plans)
WHERE {
  ?indicator skos:inScheme <https://data.norge.no/vocabulary/indicator/U4SSC> ; sdgo:isIndicatorOf ?target .
  ?target a sdgo:Target ; skos:notation ?notation .
  BIND (STR(?notation) AS ?code)
  OPTIONAL {
    ?perspective a plan:Perspective ; plan:relatesToTarget ?target .
    OPTIONAL { ?plan a plan:Plan ; plan:respondsTo ?perspective }
  }
}
GROUP BY ?code
ORDER BY ?code
)---", numbers = c("indicators", "perspectives", "plans")))

# 9. Which perspectives belong together?
edges <- query("edges", lang = "en")
links <- edges[edges$link == "perspective-target", ]
numbers <- as.integer(sub(".*-", "", links$from))
codes <- sub(".*/", "", links$to)
ordered <- intersect(question_1$targetCode, codes)
named <- table(factor(numbers), factor(codes, levels = ordered))
shared <- named %*% t(named)
pairs <- subset(as.data.frame(as.table(shared), stringsAsFactors = FALSE), as.integer(Var1) < as.integer(Var2))
names(pairs) <- c("one", "other", "shared")
question_9 <- answer(9, pairs[order(-pairs$shared, as.integer(pairs$one), as.integer(pairs$other)), ])
cat("targets of each perspective:", rowSums(named), "\n")

# 10. How does a series go on across a boundary reform? The first table of the service that has values for both
# municipalities, or the one that is named in `wanted`.
wanted <- NULL # the number of a table, such as "07459"
area <- "5001,5055"
tables <- sparql(r"---(
PREFIX plan: <https://w3id.org/plangraf/ontology#>

SELECT DISTINCT ?number WHERE { ?table a plan:StatisticsTable ; plan:tableNumber ?number } ORDER BY ?number
)---")$number
candidates <- if (!is.null(wanted)) wanted else if (length(tables) > 0) tables else "07459"
for (table in candidates) {
  question_10 <- query("observations", table = table, area = area, lang = "en", numbers = "value")
  if (nrow(question_10) > 0) break
}
question_10 <- answer(10, question_10)
if (nrow(question_10) == 0) {
  cat(
    "The service has ", length(tables), " tables, and none with values for ", area, ". Import one and build again:\n",
    "  plangraf import-statistics https://data.ssb.no/api/pxwebapi/v2/tables/07459/data --select Region=5001,5055\n",
    "  plangraf build\n",
    "docs/researchers.md says more: National statistics, and Areas over time for the numbers before a reform.\n",
    sep = ""
  )
}

# Pictures: ranked chart, matrix, and the series with the period of each planning strategy drawn in.
pdf("ten-questions.pdf", width = 12, height = 6, encoding = "ISOLatin1.enc")

top <- head(question_1[order(-question_1$plans), ], 25)
barplot(rbind(top$plansPrimary, top$plans - top$plansPrimary),
  names.arg = top$targetCode, las = 2, col = c("#08519c", "#9ecae1"), ylab = "plans",
  main = "The 25 UN targets with most plans",
  legend.text = c("most important perspective", "any other perspective")
)

kind <- matrix(0, nrow(named), ncol(named))
kind[cbind(match(numbers, rownames(named)), match(codes, colnames(named)))] <- ifelse(links$how == "printed", 2, 1)
titles <- links$fromLabel[match(rownames(named), numbers)]
par(mar = c(5, 20, 3, 1))
image(seq_len(ncol(kind)), seq_len(nrow(kind)), t(kind[rev(seq_len(nrow(kind))), ]),
  col = c("#f0f0f0", "#9ecae1", "#08519c"), axes = FALSE, xlab = "", ylab = "",
  main = "UN targets that perspectives name: printed (dark), identified (light)"
)
axis(1, seq_len(ncol(kind)), colnames(named), las = 2, cex.axis = 0.6)
axis(2, seq_len(nrow(kind)), rev(titles), las = 2, cex.axis = 0.8)

strategies <- sparql(r"---(
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX plan: <https://w3id.org/plangraf/ontology#>

SELECT ?strategy ?start ?end
WHERE { ?strategy a plan:PlanningStrategy ; dcterms:temporal ?period . ?period dcat:startDate ?start ; dcat:endDate ?end }
ORDER BY ?strategy
)---", numbers = c("start", "end"))
series <- subset(question_10, series == series[1] & !is.na(value))
if (nrow(series) > 0) {
  years <- as.integer(substr(series$period, 1, 4))
  par(mar = c(5, 4, 3, 1))
  plot(years, series$value,
    type = "n", xlim = range(years, strategies$start, strategies$end + 1), xlab = "year", ylab = series$unitLabel[1],
    main = series$seriesLabel[1]
  )
  rect(strategies$start, par("usr")[3], strategies$end + 1, par("usr")[4], col = "#fdd0a280", border = NA)
  areas <- unique(series$areaNumber)
  for (place in seq_along(areas)) {
    own <- series$areaNumber == areas[place]
    lines(years[own], series$value[own], type = "o", pch = 19, col = place)
  }
  legend("topright", paste(series$areaLabel[match(areas, series$areaNumber)], areas), col = seq_along(areas), pch = 19)
}
invisible(dev.off())
cat("Cite version", version, "as", paste0(url, "/dump/", version, "/CITATION.cff"), "says.\n")
