// Answers SPARQL queries with Jena ARQ, many in one run, as the second opinion of the differential tests.
//
//     java -cp 'lib/*' Arq.java < cases.jsonl > answers.jsonl
//
// A case is one line of JSON: {"id", "query", "data": [files], "trig": text, "graphs": {iri: file}, "union": boolean,
// "default": [iris], "named": [iris], "base": iri}; all but id and query may be left out. `union` makes the default
// graph the union of all named graphs; `default` and `named` choose the dataset as the SPARQL protocol does.
// An answer is {"id", "results": SPARQL JSON} or {"id", "graph": N-Triples} or {"id", "error", "message"}; `reference` is
// what Jena's reference engine says, which evaluates the algebra of the standard as it stands, without its optimizer.

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.jena.atlas.json.JSON;
import org.apache.jena.atlas.json.JsonObject;
import org.apache.jena.atlas.json.JsonValue;
import org.apache.jena.graph.Node;
import org.apache.jena.graph.NodeFactory;
import org.apache.jena.query.ARQ;
import org.apache.jena.query.Query;
import org.apache.jena.query.QueryFactory;
import org.apache.jena.query.QueryParseException;
import org.apache.jena.query.ResultSet;
import org.apache.jena.query.ResultSetFormatter;
import org.apache.jena.query.Syntax;
import org.apache.jena.riot.Lang;
import org.apache.jena.riot.RDFDataMgr;
import org.apache.jena.riot.RDFParser;
import org.apache.jena.sparql.core.DatasetDescription;
import org.apache.jena.sparql.core.DatasetGraph;
import org.apache.jena.sparql.core.DatasetGraphFactory;
import org.apache.jena.sparql.core.DynamicDatasets;
import org.apache.jena.sparql.engine.ref.QueryEngineRef;
import org.apache.jena.sparql.exec.QueryExec;
import org.apache.jena.sparql.graph.GraphFactory;
import org.apache.jena.sys.JenaSystem;

public final class Arq {
    private static final long LIMIT_S = 60;

    /** Data sets that were read, by what they were read from: the same few serve hundreds of queries. */
    private final Map<String, DatasetGraph> read = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        JenaSystem.init();
        // No test asks anybody else.
        ARQ.getContext().set(ARQ.httpServiceAllowed, false);
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Arq arq = new Arq();
        for (String line; (line = lines.readLine()) != null; ) {
            if (!line.isBlank()) {
                JsonObject answer = arq.answer(JSON.parse(line));
                out.println(JSON.toStringFlat(answer));
            }
        }
        out.flush();
    }

    private JsonObject answer(JsonObject one) {
        JsonObject answer = new JsonObject();
        answer.put("id", one.getString("id"));
        try {
            String base = one.hasKey("base") ? one.getString("base") : "http://example.org/";
            Query query = QueryFactory.create(one.getString("query"), base, Syntax.syntaxSPARQL_11);
            DatasetGraph data = chosen(one, query, dataset(one));
            attempt(query, data, answer);
            QueryEngineRef.register();
            try {
                JsonObject reference = new JsonObject();
                attempt(query, data, reference);
                answer.put("reference", reference);
            } finally {
                QueryEngineRef.unregister();
            }
        } catch (QueryParseException error) {
            answer.put("error", "syntax");
            answer.put("message", String.valueOf(error.getMessage()));
        } catch (Exception error) {
            answer.put("error", "evaluation");
            answer.put("message", error.getClass().getSimpleName() + ": " + error.getMessage());
        }
        return answer;
    }

    private static void attempt(Query query, DatasetGraph data, JsonObject answer) {
        try {
            evaluate(query, data, answer);
        } catch (Exception | StackOverflowError error) {
            answer.put("error", "evaluation");
            answer.put("message", error.getClass().getSimpleName() + ": " + error.getMessage());
        }
    }

    private DatasetGraph dataset(JsonObject one) {
        StringBuilder key = new StringBuilder();
        for (String name : List.of("data", "trig", "graphs", "union")) {
            key.append(one.hasKey(name) ? one.get(name).toString() : "").append('\n');
        }
        return read.computeIfAbsent(key.toString(), unused -> load(one));
    }

    private static DatasetGraph load(JsonObject one) {
        // Terms are matched as terms; other graphs of Jena match literals by value.
        DatasetGraph data = DatasetGraphFactory.createTxnMem();
        for (String file : strings(one, "data")) {
            RDFParser.source(file).parse(data);
        }
        if (one.hasKey("trig")) {
            RDFParser.fromString(one.getString("trig"), Lang.TRIG).base("http://example.org/").parse(data);
        }
        if (one.hasKey("graphs")) {
            JsonObject graphs = one.getObj("graphs");
            for (String name : graphs.keys()) {
                RDFParser.source(graphs.getString(name)).parse(data.getGraph(NodeFactory.createURI(name)));
            }
        }
        if (one.hasKey("union") && one.getBoolean("union")) {
            List<Node> names = new ArrayList<>();
            data.listGraphNodes().forEachRemaining(names::add);
            for (Node name : names) {
                data.getGraph(name).find().toList().forEach(data.getDefaultGraph()::add);
            }
        }
        return data;
    }

    private static DatasetGraph chosen(JsonObject one, Query query, DatasetGraph data) {
        DatasetDescription description = new DatasetDescription(strings(one, "default"), strings(one, "named"));
        if (description.isEmpty() && query.hasDatasetDescription()) {
            description = query.getDatasetDescription();
        }
        query.getGraphURIs().clear();
        query.getNamedGraphURIs().clear();
        return description.isEmpty() ? data : DynamicDatasets.dynamicDataset(description, data, false);
    }

    private static void evaluate(Query query, DatasetGraph data, JsonObject answer) {
        try (QueryExec execution =
                QueryExec.dataset(data).query(query).timeout(LIMIT_S, TimeUnit.SECONDS).build()) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            if (query.isSelectType()) {
                ResultSet rows = ResultSet.adapt(execution.select());
                ResultSetFormatter.outputAsJSON(bytes, rows);
                answer.put("results", JSON.parse(bytes.toString(StandardCharsets.UTF_8)));
            } else if (query.isAskType()) {
                JsonObject results = new JsonObject();
                results.put("head", new JsonObject());
                results.put("boolean", execution.ask());
                answer.put("results", results);
            } else {
                org.apache.jena.graph.Graph graph = GraphFactory.createDefaultGraph();
                if (query.isConstructType()) {
                    execution.construct(graph);
                } else {
                    execution.describe(graph);
                }
                RDFDataMgr.write(bytes, graph, Lang.NTRIPLES);
                answer.put("graph", bytes.toString(StandardCharsets.UTF_8));
            }
        }
    }

    private static List<String> strings(JsonObject one, String name) {
        List<String> found = new ArrayList<>();
        if (one.hasKey(name)) {
            for (JsonValue value : one.get(name).getAsArray()) {
                found.add(value.getAsString().value());
            }
        }
        return found;
    }
}
