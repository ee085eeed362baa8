// The same query in programs: curl, Python and R. Each text can be copied and run as it is.

/** The languages of the samples with the function that writes one. */
export const SAMPLES = [
  ["curl", curl],
  ["Python", python],
  ["Python, httpx", httpx],
  ["R", r],
];

const lines = (...all) => `${all.flat().join("\n")}\n`;

function curl(endpoint, query, triples) {
  const accept = triples ? "text/turtle" : "text/csv";
  return lines(
    `curl --silent --header 'Accept: ${accept}' --data-urlencode query@- ${endpoint} <<'SPARQL'`,
    query.trimEnd(),
    "SPARQL",
  );
}

const quoted = (query) => `r"""\n${query.trimEnd().replaceAll('"""', '""\\"')}\n"""`;

function python(endpoint, query, triples) {
  const rows = [
    'client.setReturnFormat("json")',
    'for row in client.queryAndConvert()["results"]["bindings"]:',
    '    print({name: cell["value"] for name, cell in row.items()})',
  ];
  const graph = ['client.setReturnFormat("n3")', "print(client.query().convert().decode())"];
  return lines(
    "# pip install sparqlwrapper",
    "from SPARQLWrapper import SPARQLWrapper",
    "",
    `client = SPARQLWrapper("${endpoint}")`,
    `client.setQuery(${quoted(query)})`,
    triples ? graph : rows,
  );
}

function httpx(endpoint, query, triples) {
  const accept = triples ? "text/turtle" : "text/csv";
  return lines(
    "# pip install httpx",
    "import httpx",
    "",
    `query = ${quoted(query)}`,
    `answer = httpx.post("${endpoint}", data={"query": query}, headers={"Accept": "${accept}"}, timeout=60)`,
    "answer.raise_for_status()",
    "print(answer.text)",
  );
}

function r(endpoint, query, triples) {
  const format = triples ? "turtle" : "csv";
  return lines(
    `query <- r"---(\n${query.trimEnd()}\n)---"`,
    `address <- paste0("${endpoint}?format=${format}&query=", URLencode(query, reserved = TRUE))`,
    triples ? 'cat(readLines(address), sep = "\\n")' : ["rows <- read.csv(address)", "print(head(rows))"],
  );
}
