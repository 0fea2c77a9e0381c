package spans

import (
	"encoding/binary"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// The fields of the tracestate's `ot` member that belong to sampling:
// https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/
const (
	thresholdField  = "th:"
	randomnessField = "rv:"
	hexDigits       = 14 // of a threshold and of a randomness: 56 bits
	maxMemberLength = 256
)

// otField is the value of a field of the ot member, or empty.
func otField(state trace.TraceState, field string) string {
	if state.Len() == 0 {
		return "" // as most are
	}
	for entry := range strings.SplitSeq(state.Get("ot"), ";") {
		if value, found := strings.CutPrefix(entry, field); found {
			return value
		}
	}
	return ""
}

// randomness is the 56 bits that every participant of a trace shares: an explicit rv, or the end of the trace id.
func randomness(id trace.TraceID, state trace.TraceState) uint64 {
	if rv := otField(state, randomnessField); len(rv) == hexDigits {
		if value, ok := parseHex(rv); ok {
			return value
		}
	}
	return binary.BigEndian.Uint64(id[8:]) % randomnessRange
}

// checkedThreshold is the state of a caller whose decision is followed. A th that contradicts it is erased, as the
// specification asks, and so is that of a trace that is not sampled: were it kept, th would not be why.
func checkedThreshold(state trace.TraceState, random uint64, sampled bool) trace.TraceState {
	th := otField(state, thresholdField)
	if th == "" {
		return state
	}
	if len(th) <= hexDigits {
		limit, ok := parseHex(th + strings.Repeat("0", hexDigits-len(th)))
		if ok && sampled && random >= limit {
			return state
		}
	}
	return withoutThreshold(state)
}

// parseHex reads lower-case digits only: the specification allows no others.
func parseHex(digits string) (uint64, bool) {
	value, err := strconv.ParseUint(digits, 16, 64)
	return value, err == nil && digits == strings.ToLower(digits)
}

func withoutThreshold(state trace.TraceState) trace.TraceState {
	if otField(state, thresholdField) == "" {
		return state
	}
	member := joinFields("", state)
	if member == "" {
		return state.Delete("ot")
	}
	return insertOT(state, member)
}

// withThreshold sets th in the ot member and keeps what else is there, as far as the member's length allows.
func (r rule) withThreshold(state trace.TraceState) trace.TraceState {
	if state.Len() == 0 {
		return r.state
	}
	member := joinFields(thresholdField+r.th, state)
	if len(member) > maxMemberLength {
		member = thresholdField + r.th
		if rv := otField(state, randomnessField); rv != "" {
			member += ";" + randomnessField + rv
		}
	}
	return insertOT(state, member)
}

// joinFields is an ot member of first and every field of the state but th.
func joinFields(first string, state trace.TraceState) string {
	fields := make([]string, 0, 4)
	if first != "" {
		fields = append(fields, first)
	}
	for entry := range strings.SplitSeq(state.Get("ot"), ";") {
		if entry != "" && !strings.HasPrefix(entry, thresholdField) {
			fields = append(fields, entry)
		}
	}
	return strings.Join(fields, ";")
}

func insertOT(state trace.TraceState, member string) trace.TraceState {
	if changed, err := state.Insert("ot", member); err == nil {
		return changed
	}
	return state.Delete("ot") // a probability that cannot be told must not be told wrongly
}
