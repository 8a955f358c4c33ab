package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	krocel "github.com/kubernetes-sigs/kro/pkg/cel"
	"github.com/kubernetes-sigs/kro/pkg/cel/conversion"
	"github.com/kubernetes-sigs/kro/pkg/cel/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"
	"k8s.io/apiserver/pkg/cel/openapi"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

type request struct {
	Expr string `json:"expr"`
	// Variables by name: a type such as `list(int)`.
	Variables map[string]string `json:"variables"`
	// Typed variables by name: an OpenAPI schema.
	Schemas  map[string]json.RawMessage `json:"schemas"`
	Bindings json.RawMessage            `json:"bindings"`
	// Raw gives typed variables their JSON without conversion, as kro does for readyWhen.
	Raw bool `json:"raw"`
	// Rules asks the API server's CEL of rules instead of kro's; it knows no schemas here, and the answer has a cost.
	Rules bool `json:"rules"`
	// Native also answers with what kro would write into an object.
	Native bool `json:"native"`
	// Bench is how often to evaluate and to compile, for timing.
	Bench int `json:"bench"`
}

type answer struct {
	OK    bool   `json:"ok"`
	Phase string `json:"phase,omitempty"`
	Err   string `json:"err,omitempty"`
	Type  string `json:"type,omitempty"`
	Val   any    `json:"val,omitempty"`
	// Cost is the estimated one.
	Cost      float64 `json:"cost,omitempty"`
	Native    any     `json:"native,omitempty"`
	NativeErr string  `json:"nativeErr,omitempty"`
	EvalNs    float64 `json:"evalNs,omitempty"`
	CompileNs float64 `json:"compileNs,omitempty"`
}

type prepared struct {
	env     *cel.Env
	types   map[string]*cel.Type
	schemas map[string]*spec.Schema
}

var environments = map[string]*prepared{}

func prepare(req request) (*prepared, error) {
	id, _ := json.Marshal([]any{req.Variables, req.Schemas, req.Rules})
	if known, ok := environments[string(id)]; ok {
		return known, nil
	}
	p := &prepared{types: map[string]*cel.Type{}, schemas: map[string]*spec.Schema{}}
	var declarations []cel.EnvOption
	for name, text := range req.Variables {
		t, rest := parseType(text)
		if t == nil || rest != "" {
			return nil, fmt.Errorf("type %q of %s", text, name)
		}
		p.types[name] = t
		declarations = append(declarations, cel.Variable(name, t))
	}
	for name, raw := range req.Schemas {
		schema := &spec.Schema{}
		if err := json.Unmarshal(raw, schema); err != nil {
			return nil, err
		}
		p.schemas[name] = schema
	}
	var err error
	if req.Rules {
		base := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
		p.env, err = base.NewExpressionsEnv().Extend(declarations...)
	} else {
		p.env, err = krocel.DefaultEnvironment(krocel.WithTypedResources(p.schemas), krocel.WithCustomDeclarations(declarations))
	}
	if err != nil {
		return nil, err
	}
	environments[string(id)] = p
	return p, nil
}

func respond(req request) (ans answer) {
	p, err := prepare(req)
	if err != nil {
		return answer{Phase: "environment", Err: err.Error()}
	}
	parsed, issues := p.env.Parse(req.Expr)
	if issues.Err() != nil {
		return answer{Phase: "parse", Err: issues.Err().Error()}
	}
	checked, issues := p.env.Check(parsed)
	if issues.Err() == nil && req.Rules {
		checked, issues = p.env.Compile(req.Expr)
	}
	if issues.Err() != nil {
		return answer{Phase: "check", Err: issues.Err().Error()}
	}
	if req.Rules {
		estimate, err := p.env.EstimateCost(checked, &library.CostEstimator{})
		if err != nil {
			return answer{Phase: "check", Err: err.Error()}
		}
		ans.Cost = float64(estimate.Max)
	}
	ans.Type = checked.OutputType().String()
	program, err := p.env.Program(checked)
	if err != nil {
		return answer{Phase: "program", Err: err.Error(), Type: ans.Type}
	}
	bindings, err := bind(req, p)
	if err != nil {
		return answer{Phase: "bindings", Err: err.Error()}
	}
	value, _, err := program.Eval(bindings)
	if err != nil {
		ans.Phase, ans.Err = "evaluate", err.Error()
	} else {
		ans.OK, ans.Val = true, show(value)
		if req.Native {
			native, err := conversion.GoNativeType(value)
			if err == nil {
				native, err = conversion.EnsureJSONSafe(native)
			}
			if err != nil {
				ans.NativeErr = err.Error()
			} else {
				ans.Native = map[string]any{"value": native}
			}
		}
	}
	if req.Bench > 0 {
		ans.EvalNs = fastest(req.Bench, func() { program.Eval(bindings) })
		ans.CompileNs = fastest(req.Bench/20+1, func() { p.env.Compile(req.Expr) })
	}
	return ans
}

func bind(req request, p *prepared) (map[string]any, error) {
	raw := map[string]any{}
	if len(req.Bindings) > 0 {
		if err := utiljson.Unmarshal(req.Bindings, &raw); err != nil {
			return nil, err
		}
	}
	for name, value := range raw {
		if schema, ok := p.schemas[name]; ok && !req.Raw {
			raw[name] = unstructured.UnstructuredToVal(value, &openapi.Schema{Schema: schema})
		} else if t, ok := p.types[name]; ok {
			converted, err := convert(value, t)
			if err != nil {
				return nil, err
			}
			raw[name] = converted
		}
	}
	return raw, nil
}

// convert gives JSON the declared type where JSON has none of its own.
func convert(value any, t *cel.Type) (any, error) {
	if value == nil {
		return nil, nil
	}
	switch t.Kind() {
	case cel.UintKind:
		if n, ok := value.(int64); ok {
			return uint64(n), nil
		}
		if s, ok := value.(string); ok {
			return strconv.ParseUint(s, 10, 64)
		}
	case cel.IntKind:
		if s, ok := value.(string); ok {
			return strconv.ParseInt(s, 10, 64)
		}
	case cel.DoubleKind:
		if n, ok := value.(int64); ok {
			return float64(n), nil
		}
	case cel.TimestampKind:
		if s, ok := value.(string); ok {
			return time.Parse(time.RFC3339, s)
		}
	case cel.DurationKind:
		if s, ok := value.(string); ok {
			return time.ParseDuration(s)
		}
	case cel.BytesKind:
		if s, ok := value.(string); ok {
			return base64.StdEncoding.DecodeString(s)
		}
	case cel.ListKind:
		if list, ok := value.([]any); ok {
			for i, item := range list {
				converted, err := convert(item, t.Parameters()[0])
				if err != nil {
					return nil, err
				}
				list[i] = converted
			}
		}
	case cel.MapKind:
		if m, ok := value.(map[string]any); ok {
			for key, item := range m {
				converted, err := convert(item, t.Parameters()[1])
				if err != nil {
					return nil, err
				}
				m[key] = converted
			}
		}
	}
	return value, nil
}

// show writes a value with its type; maps are sorted, as Go's have no order.
func show(value ref.Val) any {
	switch v := value.(type) {
	case types.Null:
		return map[string]any{"null": 0}
	case types.Bool:
		return map[string]any{"bool": bool(v)}
	case types.Int:
		return map[string]any{"int": strconv.FormatInt(int64(v), 10)}
	case types.Uint:
		return map[string]any{"uint": strconv.FormatUint(uint64(v), 10)}
	case types.Double:
		return map[string]any{"double": strconv.FormatFloat(float64(v), 'g', -1, 64)}
	case types.String:
		return map[string]any{"string": string(v)}
	case types.Bytes:
		return map[string]any{"bytes": base64.StdEncoding.EncodeToString(v)}
	case types.Timestamp:
		return map[string]any{"timestamp": v.Time.UTC().Format(time.RFC3339Nano)}
	case types.Duration:
		return map[string]any{"duration": strconv.FormatInt(v.Duration.Nanoseconds(), 10)}
	case *types.Optional:
		if !v.HasValue() {
			return map[string]any{"optional": nil}
		}
		return map[string]any{"optional": show(v.GetValue())}
	case traits.Mapper:
		return map[string]any{"map": showMap(v)}
	case traits.Lister:
		items := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			items = append(items, show(it.Next()))
		}
		return map[string]any{"list": items}
	case *types.Type:
		return map[string]any{"type": v.TypeName()}
	case *types.Err:
		return map[string]any{"error": v.String()}
	}
	return map[string]any{"other": value.Type().TypeName()}
}

func showMap(m traits.Mapper) []any {
	type entry struct {
		key  string
		pair []any
	}
	entries := []entry{}
	for it := m.Iterator(); it.HasNext() == types.True; {
		key := it.Next()
		item, found := m.Find(key)
		if !found {
			continue
		}
		shown := show(key)
		text, _ := json.Marshal(shown)
		entries = append(entries, entry{string(text), []any{shown, show(item)}})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].key < entries[j].key })
	pairs := make([]any, len(entries))
	for i, e := range entries {
		pairs[i] = e.pair
	}
	return pairs
}

var primitives = map[string]*cel.Type{
	"dyn": cel.DynType, "bool": cel.BoolType, "int": cel.IntType, "uint": cel.UintType, "double": cel.DoubleType,
	"string": cel.StringType, "bytes": cel.BytesType, "timestamp": cel.TimestampType, "duration": cel.DurationType,
	"null": cel.NullType,
}

// parseType reads `map(string, list(int))` and returns what is left of the text.
func parseType(text string) (*cel.Type, string) {
	end := 0
	for end < len(text) && text[end] >= 'a' && text[end] <= 'z' {
		end++
	}
	name, rest := text[:end], text[end:]
	if t, ok := primitives[name]; ok {
		return t, rest
	}
	var parameters []*cel.Type
	for len(rest) > 0 && (rest[0] == '(' || rest[0] == ',') {
		rest = rest[1:]
		for len(rest) > 0 && rest[0] == ' ' {
			rest = rest[1:]
		}
		var t *cel.Type
		if t, rest = parseType(rest); t == nil {
			return nil, rest
		}
		parameters = append(parameters, t)
	}
	if len(rest) == 0 || rest[0] != ')' {
		return nil, rest
	}
	rest = rest[1:]
	switch {
	case name == "list" && len(parameters) == 1:
		return cel.ListType(parameters[0]), rest
	case name == "map" && len(parameters) == 2:
		return cel.MapType(parameters[0], parameters[1]), rest
	case name == "optional" && len(parameters) == 1:
		return cel.OptionalType(parameters[0]), rest
	}
	return nil, rest
}
