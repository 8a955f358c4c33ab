package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"sort"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	structuralcel "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"github.com/kubernetes-sigs/kro/pkg/graph"
)

// world has the objects of a cluster that is only imagined.
type world struct {
	cluster *cluster
	objects map[string]*unstructured.Unstructured
	given   map[string]bool
	changed bool
}

func newWorld(served *cluster) *world {
	return &world{cluster: served, objects: map[string]*unstructured.Unstructured{}, given: map[string]bool{}}
}

func (w *world) key(object *unstructured.Unstructured) string {
	gvk := object.GroupVersionKind()
	return fmt.Sprintf("%s/%s/%s/%s", gvk.Group, gvk.Kind, object.GetNamespace(), object.GetName())
}

func (w *world) give(object map[string]any) {
	given := &unstructured.Unstructured{Object: object}
	w.objects[w.key(given)] = given
	w.given[w.key(given)] = true
}

func (w *world) find(object *unstructured.Unstructured) *unstructured.Unstructured {
	return w.objects[w.key(object)]
}

// make says what is there once an object is applied.
func (w *world) make(object *unstructured.Unstructured) *unstructured.Unstructured {
	key := w.key(object)
	if w.given[key] {
		return w.objects[key]
	}
	if before, ok := w.objects[key]; !ok || !reflect.DeepEqual(before.Object, object.Object) {
		w.changed = true
		w.objects[key] = object.DeepCopy()
	}
	return w.objects[key]
}

// list is the controller's observeExternalCollection.
func (w *world) list(node graph.NodeMeta, desired *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	selector, err := selectorOf(node.ID, desired)
	if err != nil {
		return nil, err
	}
	namespace := desired.GetNamespace()
	if !node.Namespaced {
		namespace = ""
	}
	var keys []string
	for key, object := range w.objects {
		if object.GroupVersionKind().GroupKind() == desired.GroupVersionKind().GroupKind() &&
			(namespace == "" || object.GetNamespace() == namespace) && selector.Matches(labels.Set(object.GetLabels())) {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	items := make([]*unstructured.Unstructured, len(keys))
	for i, key := range keys {
		items[i] = w.objects[key]
	}
	return items, nil
}

func selectorOf(id string, desired *unstructured.Unstructured) (labels.Selector, error) {
	raw, found, err := unstructured.NestedMap(desired.Object, "metadata", "selector")
	if err != nil || !found {
		return labels.Everything(), nil
	}
	text, err := json.Marshal(raw)
	if err != nil {
		return nil, fmt.Errorf("failed to convert selector for %s: %w", id, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	given := &metav1.LabelSelector{}
	if err := decoder.Decode(given); err != nil {
		return nil, fmt.Errorf("failed to convert selector for %s: %w", id, err)
	}
	selector, err := metav1.LabelSelectorAsSelector(given)
	if err != nil {
		return nil, fmt.Errorf("invalid label selector for %s: %w", id, err)
	}
	return selector, nil
}

// admittedInstance is an instance as the API server stores it: pruned, with defaults, valid.
func admittedInstance(crd *apiextensionsv1.CustomResourceDefinition, raw json.RawMessage) (*unstructured.Unstructured, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		converted, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			return nil, err
		}
		raw = converted
	}
	object := map[string]any{}
	if err := utiljson.Unmarshal(raw, &object); err != nil {
		return nil, err
	}
	instance := &unstructured.Unstructured{Object: object}
	if instance.GetNamespace() == "" && crd.Spec.Scope == apiextensionsv1.NamespaceScoped {
		instance.SetNamespace("default")
	}
	props, structural, err := schemaOf(crd)
	if err != nil {
		return nil, err
	}
	if unknown := pruning.PruneWithOptions(object, structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}); len(unknown) > 0 {
		return nil, fmt.Errorf("unknown fields %v", unknown)
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(object, structural)
	defaulting.Default(object, structural)
	validator, _, err := validation.NewSchemaValidator(props)
	if err != nil {
		return nil, err
	}
	problems := validation.ValidateCustomResource(nil, object, validator)
	if rules := structuralcel.NewValidator(structural, true, celconfig.PerCallLimit); rules != nil {
		more, _ := rules.Validate(context.Background(), nil, structural, object, nil, math.MaxInt64)
		problems = append(problems, more...)
	}
	return instance, problems.ToAggregate()
}

func schemaOf(crd *apiextensionsv1.CustomResourceDefinition) (*apiextensions.JSONSchemaProps, *schema.Structural, error) {
	props := &apiextensions.JSONSchemaProps{}
	given := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(given, props, nil); err != nil {
		return nil, nil, err
	}
	structural, err := schema.NewStructural(props)
	return props, structural, err
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
