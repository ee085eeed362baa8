// The same query in programs: curl, Python and R. Each text can be copied and run as it is.

/** The languages of the samples with the function that writes one. */
export const SAMPLES = [
  ["curl", curl],
  ["Python", python],
  ["Python, httpx", httpx],
  ["R", r],
];

function curl(endpoint, query, triples) {
  const accept = triples ? "text/turtle" : "text/csv";
  return `curl --silent --header 'Accept: ${accept}' --data-urlencode query@- ${endpoint} <<'SPARQL'\n${query.trimEnd()}\nSPARQL\n`;
}

const quoted = (query) => `r"""\n${query.trimEnd().replaceAll('"""', '""\\"')}\n"""`;

function python(endpoint, query, triples) {
  const read = triples
    ? 'client.setReturnFormat("n3")\nprint(client.query().convert().decode())'
    : 'client.setReturnFormat("json")\nfor row in client.queryAndConvert()["results"]["bindings"]:\n    print({name: cell["value"] for name, cell in row.items()})';
  return `# pip install sparqlwrapper\nfrom SPARQLWrapper import SPARQLWrapper\n\nclient = SPARQLWrapper("${endpoint}")\nclient.setQuery(${quoted(query)})\n${read}\n`;
}

function httpx(endpoint, query, triples) {
  const accept = triples ? "text/turtle" : "text/csv";
  return `# pip install httpx\nimport httpx\n\nquery = ${quoted(query)}\nanswer = httpx.post("${endpoint}", data={"query": query}, headers={"Accept": "${accept}"}, timeout=60)\nanswer.raise_for_status()\nprint(answer.text)\n`;
}

function r(endpoint, query, triples) {
  const raw = `r"---(\n${query.trimEnd()}\n)---"`;
  const accept = triples ? "text/turtle" : "text/csv";
  const read = triples ? "cat(resp_body_string(answer))" : "rows <- read.csv(text = resp_body_string(answer))\nhead(rows)";
  return `# install.packages("httr2")\nlibrary(httr2)\n\nquery <- ${raw}\nanswer <- request("${endpoint}") |>\n  req_headers(Accept = "${accept}") |>\n  req_body_form(query = query) |>\n  req_perform()\n${read}\n`;
}
