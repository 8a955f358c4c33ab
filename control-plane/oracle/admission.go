package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	structuralcel "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

type admitRequest struct {
	graphRequest
	Instances []json.RawMessage `json:"instances"`
}

type admitAnswer struct {
	OK bool `json:"ok"`
	// Phase and Err are those of the definition.
	Phase     string          `json:"phase,omitempty"`
	Err       string          `json:"err,omitempty"`
	Instances []admittedState `json:"instances,omitempty"`
}

type admittedState struct {
	Err string `json:"err,omitempty"`
	// Object is what is stored of an instance that is not refused.
	Object map[string]any `json:"object,omitempty"`
}

// admit says which instances of a definition's kind the API server takes, and how it stores them.
func admit(req admitRequest) admitAnswer {
	g, _, refused := built(req.graphRequest)
	if !refused.OK {
		return admitAnswer{Phase: refused.Phase, Err: refused.Err}
	}
	kind, err := admissionOf(g.CRD)
	if err != nil {
		return admitAnswer{Phase: "crd", Err: err.Error()}
	}
	ans := admitAnswer{OK: true}
	for _, raw := range req.Instances {
		instance, err := kind.admit(raw)
		if err != nil {
			ans.Instances = append(ans.Instances, admittedState{Err: err.Error()})
		} else {
			ans.Instances = append(ans.Instances, admittedState{Object: instance.Object})
		}
	}
	return ans
}

// admission is what the API server checks instances of a kind with.
type admission struct {
	namespaced bool
	structural *schema.Structural
	values     validation.SchemaValidator
	rules      *structuralcel.Validator
}

func admissionOf(crd *apiextensionsv1.CustomResourceDefinition) (*admission, error) {
	props, structural, err := schemaOf(crd)
	if err != nil {
		return nil, err
	}
	values, _, err := validation.NewSchemaValidator(props)
	if err != nil {
		return nil, err
	}
	rules := structuralcel.NewValidator(structural, true, celconfig.PerCallLimit)
	return &admission{crd.Spec.Scope == apiextensionsv1.NamespaceScoped, structural, values, rules}, nil
}

// admit is an instance as the API server stores it when it is made with strict field validation: pruned, with defaults, valid.
func (a *admission) admit(raw json.RawMessage) (*unstructured.Unstructured, error) {
	object, err := decoded(raw)
	if err != nil {
		return nil, err
	}
	instance := &unstructured.Unstructured{Object: object}
	if !a.namespaced {
		instance.SetNamespace("")
	} else if instance.GetNamespace() == "" {
		instance.SetNamespace("default")
	}
	if _, _, unknown, err := objectmeta.GetObjectMetaWithOptions(object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true}); err != nil {
		return nil, err
	} else if len(unknown) > 0 {
		return nil, fmt.Errorf("unknown fields %v", unknown)
	}
	if unknown := pruning.PruneWithOptions(object, a.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}); len(unknown) > 0 {
		return nil, fmt.Errorf("unknown fields %v", unknown)
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(object, a.structural)
	defaulting.Default(object, a.structural)
	// What it is made with is not its status.
	delete(object, "status")
	return instance, a.problems(instance).ToAggregate()
}

func (a *admission) problems(instance *unstructured.Unstructured) field.ErrorList {
	problems := apivalidation.ValidateObjectMetaAccessor(instance, a.namespaced, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	problems = append(problems, validation.ValidateCustomResource(nil, instance.Object, a.values)...)
	problems = append(problems, listtype.ValidateListSetsAndMaps(nil, a.structural, instance.Object)...)
	if a.rules != nil {
		more, _ := a.rules.Validate(context.Background(), nil, a.structural, instance.Object, nil, math.MaxInt64)
		problems = append(problems, more...)
	}
	return problems
}

// asJSON takes JSON, or YAML as a string.
func asJSON(raw json.RawMessage) (json.RawMessage, error) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return raw, nil
	}
	return yaml.YAMLToJSON([]byte(text))
}

func decoded(raw json.RawMessage) (map[string]any, error) {
	raw, err := asJSON(raw)
	if err != nil {
		return nil, err
	}
	object := map[string]any{}
	if err := utiljson.Unmarshal(raw, &object); err != nil {
		return nil, err
	}
	if object == nil {
		return nil, errors.New("no object")
	}
	return object, nil
}

func schemaOf(crd *apiextensionsv1.CustomResourceDefinition) (*apiextensions.JSONSchemaProps, *schema.Structural, error) {
	read, err := sent(crd)
	if err != nil {
		return nil, nil, err
	}
	served, err := apiextensions.GetSchemaForVersion(read, crd.Spec.Versions[0].Name)
	if err != nil {
		return nil, nil, err
	}
	structural, err := schema.NewStructural(served.OpenAPIV3Schema)
	return served.OpenAPIV3Schema, structural, err
}

// stored is a status as the API server keeps it, which drops null from fields.
func stored(crd *apiextensionsv1.CustomResourceDefinition, instance map[string]any) (map[string]any, error) {
	props, structural, err := schemaOf(crd)
	if err != nil {
		return nil, err
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(instance, structural)
	validator, _, err := validation.NewSchemaValidator(props)
	if err != nil {
		return nil, err
	}
	status, _, _ := unstructured.NestedMap(instance, "status")
	return status, validation.ValidateCustomResource(nil, instance, validator).ToAggregate()
}
