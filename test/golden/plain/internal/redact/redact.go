// Package redact takes secrets out of log lines.
package redact

import "bytes"

const mask = "[redacted]"

// A key is secret when it contains a word of anywhere or ends in one of atEnd, whatever its case, hyphens and
// underscores: DB_PASSWORD, X-Api-Key and accessToken are, tokens_used is not.
var (
	anywhere = words("password", "passwd", "secret", "authorization", "cookie", "credential")
	atEnd    = words("token", "apikey", "accesskey", "privatekey", "dsn", "pwd")
)

func words(list ...string) [][]byte {
	var out [][]byte
	for _, word := range list {
		out = append(out, []byte(word))
	}
	return out
}

// JSON masks secrets in a line that is one JSON value: the values of secret keys, however deep, and in all other
// strings what text masks. It takes one pass over the line and returns it as it is when there is nothing to mask.
func JSON(line []byte) (clean []byte, changed bool) {
	s := scanner{in: line}
	for i := 0; i < len(line); i++ {
		if line[i] != '"' {
			continue
		}
		end := closing(line, i)
		colon := skipSpace(line, end+1)
		switch {
		case colon >= len(line) || line[colon] != ':': // not a key
			s.text(i+1, end)
			i = end
		case isSecret(line[i+1 : end]):
			from := skipSpace(line, colon+1)
			i = valueEnd(line, from)
			s.replace(from, i, `"`+mask+`"`)
			i--
		default:
			i = colon
		}
	}
	return s.result()
}

// scanner copies what it reads only once there is something to replace.
type scanner struct {
	in, out []byte
	copied  int // of in
}

func (s *scanner) replace(from, to int, by string) {
	if from < s.copied || from >= to {
		return
	}
	s.out = append(append(s.out, s.in[s.copied:from]...), by...)
	s.copied = to
}

func (s *scanner) result() ([]byte, bool) {
	if s.copied == 0 {
		return s.in, false
	}
	return append(s.out, s.in[s.copied:]...), true
}

// text masks, inside a JSON string: what follows `Bearer ` or `Basic `, the password in `://user:password@`, and the
// value in `token=value` and, where the string quotes JSON itself, in `\"token\":\"value\"`.
func (s *scanner) text(from, to int) {
	text := s.in[:to]
	for i := from; i < to; i++ {
		switch text[i] {
		case ' ':
			if word := text[wordStart(text, from, i):i]; bytes.EqualFold(word, []byte("bearer")) || bytes.EqualFold(word, []byte("basic")) {
				start := skipSpace(text, i)
				s.replace(start, until(text, start, ` ,;\`), mask)
			}
		case '=':
			if isSecret(text[wordStart(text, from, i):i]) {
				s.replace(i+1, until(text, i+1, ` &,;\`), mask)
			}
		case ':':
			s.quotedJSON(text, from, i)
			if bytes.HasPrefix(text[i:], []byte("://")) {
				end := until(text, i+3, `/?# \`)
				if at := bytes.LastIndexByte(text[i+3:end], '@'); at >= 0 {
					if colon := bytes.IndexByte(text[i+3:i+3+at], ':'); colon >= 0 {
						s.replace(i+3+colon+1, i+3+at, mask)
					}
				}
			}
		}
	}
}

// quotedJSON masks the string after `\"key\":` when the key is secret; colon is the place of the colon.
func (s *scanner) quotedJSON(text []byte, from, colon int) {
	key, quoted := bytes.CutSuffix(text[from:colon], []byte(`\"`))
	if !quoted || !isSecret(key[wordStart(key, 0, len(key)):]) {
		return
	}
	start := skipSpace(text, colon+1)
	if !bytes.HasPrefix(text[start:], []byte(`\"`)) {
		return
	}
	start += len(`\"`)
	if length := bytes.Index(text[start:], []byte(`\"`)); length >= 0 {
		s.replace(start, start+length, mask)
	}
}

// isSecret looks at the last 64 letters and digits of a key.
func isSecret(key []byte) bool {
	var letters [64]byte
	at := len(letters)
	for i := len(key) - 1; i >= 0 && at > 0; i-- {
		c := key[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			at--
			letters[at] = c
		}
	}
	for _, word := range anywhere {
		if bytes.Contains(letters[at:], word) {
			return true
		}
	}
	for _, word := range atEnd {
		if bytes.HasSuffix(letters[at:], word) {
			return true
		}
	}
	return false
}

// wordStart is where the letters, digits, hyphens and underscores before end begin, at from at the earliest.
func wordStart(text []byte, from, end int) int {
	for end > from {
		switch c := text[end-1]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			end--
		default:
			return end
		}
	}
	return end
}

// until is the place of the first of these bytes, or the text's end.
func until(text []byte, from int, stops string) int {
	if length := bytes.IndexAny(text[from:], stops); length >= 0 {
		return from + length
	}
	return len(text)
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
		i++
	}
	return i
}

// closing is the place of the quote that ends the string that begins at start.
func closing(line []byte, start int) int {
	for i := start + 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(line)
}

// valueEnd is where the JSON value that begins at from has ended.
func valueEnd(line []byte, from int) int {
	depth := 0
	for i := from; i < len(line); i++ {
		switch line[i] {
		case '"':
			i = closing(line, i)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',', ' ', '\n':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		switch {
		case depth < 0: // the end of what the value stands in
			return i
		case depth == 0:
			return min(i+1, len(line))
		}
	}
	return len(line)
}
