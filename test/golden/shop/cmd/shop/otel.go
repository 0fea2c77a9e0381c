package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// otelVariables are the standard variables that have an effect here, by what they must be. The SDK ignores a wrong
// value, which then looks like a collector that is away:
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
var otelVariables = []struct {
	names []string
	valid func(string) bool
	use   string
}{
	{otlp("ENDPOINT"), isURL, "a URL such as http://localhost:4318"},
	{otlp("PROTOCOL"), oneOf("http/protobuf", "http/json"), "http/protobuf or http/json"},
	{otlp("COMPRESSION"), oneOf("gzip", "none"), "gzip or none"},
	{otlp("INSECURE"), isBool, "true or false"},
	{otlp("HEADERS"), arePairs, "name=value,name=value with values percent-encoded"},
	{otlp("CERTIFICATE"), areCertificates, "a file with certificates in PEM"},
	{otlp("CLIENT_CERTIFICATE"), areCertificates, "a file with certificates in PEM"},
	{otlp("CLIENT_KEY"), isPEM, "a file with a key in PEM"},
	{otlp("TIMEOUT"), isPositive, "a number of milliseconds"},
	{[]string{"OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT"}, isPositive, "a number of milliseconds"},
	{[]string{"OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"}, isPositive, "a number of spans"},
	{[]string{"OTEL_RESOURCE_ATTRIBUTES"}, arePairs, "name=value,name=value with values percent-encoded"},
	{[]string{"OTEL_TRACES_EXPORTER"}, oneOf("otlp", "none"), "otlp or none"},
	{[]string{"OTEL_PROPAGATORS"}, arePropagators, "tracecontext, baggage, both (tracecontext,baggage), or none"},
	{[]string{"OTEL_SDK_DISABLED"}, isBool, "true or false"},
}

// checkOTel tells every OTEL_* variable with a wrong value. Headers may hold a secret, so no value is repeated.
func checkOTel(getenv func(string) string) []error {
	var problems []error
	for _, variable := range otelVariables {
		for _, name := range variable.names {
			if value := strings.TrimSpace(getenv(name)); value != "" && !variable.valid(value) {
				problems = append(problems, fmt.Errorf("%s: use %s", name, variable.use))
			}
		}
	}
	return problems
}

// otlp names an exporter variable for all signals and for traces.
func otlp(name string) []string {
	return []string{"OTEL_EXPORTER_OTLP_" + name, "OTEL_EXPORTER_OTLP_TRACES_" + name}
}

func isURL(value string) bool {
	u, err := url.Parse(value)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func isPositive(value string) bool {
	n, err := strconv.Atoi(value)
	return err == nil && n > 0 && n < 1<<31
}

func isBool(value string) bool { return oneOf("true", "false")(strings.ToLower(value)) }

func oneOf(values ...string) func(string) bool {
	return func(value string) bool { return slices.Contains(values, value) }
}

func arePropagators(value string) bool {
	for name := range strings.SplitSeq(value, ",") {
		if !oneOf("tracecontext", "baggage")(strings.TrimSpace(name)) {
			return value == "none"
		}
	}
	return true
}

func areCertificates(path string) bool {
	text, err := os.ReadFile(path)
	return err == nil && x509.NewCertPool().AppendCertsFromPEM(text)
}

func isPEM(path string) bool {
	text, err := os.ReadFile(path)
	block, _ := pem.Decode(text)
	return err == nil && block != nil
}

func arePairs(value string) bool {
	for pair := range strings.SplitSeq(value, ",") {
		name, encoded, found := strings.Cut(pair, "=")
		if _, err := url.PathUnescape(encoded); err != nil || !found || strings.TrimSpace(name) == "" {
			return false
		}
	}
	return true
}
